//! One forward pass beside the same by candle-transformers' own BERT, which pads a batch to its longest text.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing to tell")]

use attune::bench::{SHAPES, Shape, Size, config_json, input, model, token};
use attune::model::Pass;
use attune::task::Task;
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Ids, segments and mask of the texts, padded.
fn padded(shape: &Shape) -> (Tensor, Tensor, Tensor) {
    let width = shape.lengths.iter().copied().max().unwrap();
    let (mut ids, mut mask) = (Vec::new(), Vec::new());
    for (text, length) in shape.lengths.iter().enumerate() {
        ids.extend((0..width).map(|place| if place < *length { token(text, place) } else { 0 }));
        mask.extend((0..width).map(|place| u32::from(place < *length)));
    }
    let tensor = |values| Tensor::from_vec(values, (shape.lengths.len(), width), &Device::Cpu).unwrap();
    let ids = tensor(ids);
    (ids.clone(), ids.zeros_like().unwrap(), tensor(mask))
}

fn forward(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forward");
    group.sample_size(10);
    for size in [Size::Mini, Size::Distil] {
        let ours = model(size).unwrap();
        let config: Config = serde_json::from_str(&config_json(size)).unwrap();
        // How long a product takes does not depend on its numbers.
        let weights = VarBuilder::zeros(DType::F32, &Device::Cpu);
        let candle = BertModel::load(weights, &config).unwrap();
        for shape in SHAPES {
            group.throughput(Throughput::Elements(shape.tokens() as u64));
            let name = format!("{}/{}", size.name(), shape.name);
            let texts = input(shape.lengths);
            group.bench_with_input(BenchmarkId::new("attune", &name), &texts, |bencher, texts| {
                bencher.iter(|| ours.run(Task::Classify, texts, &Pass::default()).unwrap());
            });
            let (ids, types, mask) = padded(&shape);
            group.bench_function(BenchmarkId::new("candle-transformers", &name), |bencher| {
                bencher.iter(|| candle.forward(&ids, &types, Some(&mask)).unwrap());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, forward);
criterion_main!(benches);
