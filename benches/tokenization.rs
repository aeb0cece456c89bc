//! Texts to token ids: one text as it is typed, and a thousand as a dataset has them.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing to tell")]

use std::path::Path;

use attune::text::Tokenizer;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TEXTS: usize = 1000;

fn tokenization(criterion: &mut Criterion) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let corpus = std::fs::read_to_string(golden.join("corpus.txt")).unwrap();
    let lines = corpus.lines().filter(|line| !line.is_empty()).cycle();
    let texts: Vec<(&str, Option<&str>)> = lines.take(TEXTS).map(|line| (line, None)).collect();
    let mut group = criterion.benchmark_group("tokenization");
    group.sample_size(20);
    for family in ["bert", "roberta", "albert"] {
        let tokenizer = Tokenizer::open(&golden.join(format!("{family}-classify"))).unwrap();
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("one text", family), |bencher| {
            bencher.iter(|| tokenizer.encode(texts[0].0, None, 128).unwrap());
        });
        group.throughput(Throughput::Elements(TEXTS as u64));
        group.bench_function(BenchmarkId::new("a thousand texts", family), |bencher| {
            bencher.iter(|| tokenizer.encode_all(&texts, 128).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, tokenization);
criterion_main!(benches);
