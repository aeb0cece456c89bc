//! A smaller model cut from a larger one: some of its layers, with the embeddings, the pooler and the head as they are
//! (Sanh et al., 2019, "DistilBERT", arXiv 1910.01108, which takes six of twelve layers).

use std::path::Path;

use candle_core::Device;
use serde_json::json;

use super::open::Folder;
use super::{Family, Model, ModelError, Source, Want, build};

/// A model's layers under new numbers.
struct Cut<'a> {
    source: &'a dyn Source,
    kept: &'a [usize],
}

/// The layers that `count` of `layers` come to: the first, the last, and between them evenly spaced ones. Six of twelve are
/// those of DistilBERT: 0, 2, 4, 7, 9, 11.
pub fn spaced(layers: usize, count: usize) -> Vec<usize> {
    let (last, gaps) = (layers.saturating_sub(1), count.saturating_sub(1).max(1));
    (0..count).map(|place| (2 * place * last + gaps) / (2 * gaps)).collect()
}

/// Opens some layers of a folder's model as a model of its own, with the head that is wanted.
pub fn cut(dir: &Path, kept: &[usize], want: Want<'_>) -> Result<Model, ModelError> {
    let Folder { mut config, source, .. } = Folder::open(dir)?;
    config.num_hidden_layers = kept.len();
    if config.family != Family::Albert {
        config.num_hidden_groups = kept.len();
    }
    let key = config.family.config_key("num_hidden_layers");
    config.raw.insert(key.to_owned(), json!(kept.len()));
    let cut = Cut { source: source.as_ref(), kept };
    Ok(build(config, Some(&cut), want, &Device::Cpu, 0)?.0)
}

/// What of a weight's name stands before the number of its layer, the number, and what stands behind it.
fn parts(name: &str) -> Option<(&str, usize, &str)> {
    const MARK: &str = ".layer.";
    let at = name.find(MARK)? + MARK.len();
    let (number, rest) = name[at..].split_once('.')?;
    Some((&name[..at], number.parse().ok()?, rest))
}

impl Cut<'_> {
    /// The name of a weight in the larger model, if it has it.
    fn from(&self, name: &str) -> Option<String> {
        match parts(name) {
            None => Some(name.to_owned()),
            Some((before, layer, rest)) => self.kept.get(layer).map(|layer| format!("{before}{layer}.{rest}")),
        }
    }
}

impl Source for Cut<'_> {
    fn names(&self) -> Vec<String> {
        let renamed = |name: String| match parts(&name) {
            None => Some(name),
            Some((before, layer, rest)) => {
                let place = self.kept.iter().position(|kept| *kept == layer)?;
                Some(format!("{before}{place}.{rest}"))
            }
        };
        self.source.names().into_iter().filter_map(renamed).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.source.shape(&self.from(name)?)
    }

    fn read(&self, name: &str) -> Result<Vec<f32>, ModelError> {
        self.source.read(&self.from(name).unwrap_or_else(|| name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::model::{Input, Pass, open, read_config};
    use crate::task::Task;

    #[test]
    fn six_of_twelve_layers_are_those_of_distilbert() {
        assert_eq!(spaced(12, 6), [0, 2, 4, 7, 9, 11]);
        assert_eq!(spaced(6, 3), [0, 3, 5]);
        assert_eq!((spaced(12, 1), spaced(3, 2), spaced(3, 3)), (vec![0], vec![0, 2], vec![0, 1, 2]));
    }

    #[test]
    fn a_student_of_every_family_opens_with_the_layers_it_was_cut_with() {
        for family in ["bert", "roberta", "distilbert", "electra", "albert"] {
            let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{family}-classify"));
            let labels = read_config(&folder).unwrap().output_names(Task::Classify);
            let want = Want::Head { task: Task::Classify, labels: &labels };
            let student = cut(&folder, &spaced(3, 2), want).unwrap();
            let dir = tempfile::tempdir().unwrap();
            student.save(dir.path()).unwrap();
            let (again, report) = open(dir.path(), Want::AsSaved, &Device::Cpu, 0).unwrap();
            assert!(report.new.is_empty() && report.left_over.is_empty(), "{family}: {report:?}");
            assert_eq!((again.config.num_hidden_layers, &again.config.labels), (2, &labels), "{family}");
            let teacher = open(&folder, Want::AsSaved, &Device::Cpu, 0).unwrap().0;
            let values = |model: &Model, name: &str| -> Vec<f32> {
                let param = model.params.iter().find(|param| param.name == name).unwrap();
                param.var().flatten_all().unwrap().to_vec1().unwrap()
            };
            for param in again.params.iter() {
                let name =
                    if family == "albert" { param.name.clone() } else { param.name.replace("layers.1.", "layers.2.") };
                assert_eq!(values(&again, &param.name), values(&teacher, &name), "{family}: {name}");
            }
            let input = Input::single(vec![2, 20, 30, 3], vec![0; 4]);
            let logits = again.run(Task::Classify, &input, &Pass::default()).unwrap();
            assert_eq!(logits.dims(), [1, 3]);
        }
    }
}
