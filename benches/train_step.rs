//! One whole training step: forward with dropout, backward, clipping and `AdamW`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing to tell")]

use attune::bench::{SHAPES, Size, Trainer, model};
use attune::model::Products;
use attune::train::precision::has_bf16;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn train_step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("train_step");
    group.sample_size(10);
    for size in [Size::Mini, Size::Distil] {
        let model = model(size).unwrap();
        for shape in SHAPES {
            group.throughput(Throughput::Elements(shape.tokens() as u64));
            for products in [Products::F32, Products::Bf16] {
                if products == Products::Bf16 && !has_bf16() {
                    continue;
                }
                let mut trainer = Trainer::new(&model, shape.lengths, products);
                let name = format!("{} {}", size.name(), products.name());
                group.bench_function(BenchmarkId::new(name, shape.name), |bencher| {
                    bencher.iter(|| trainer.step().unwrap());
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, train_step);
criterion_main!(benches);
