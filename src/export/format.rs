//! The formats that a model is written in, what each is called and how it is opened.

use crate::model::HeadKind;
use crate::task::{Reads, Task};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// A whole model for transformers.
    Hf,
    /// A graph for any runtime of ONNX.
    Onnx,
    /// The same with weights of eight bits.
    OnnxInt8,
    /// The adapter alone.
    Peft,
    /// An encoder that gives a sentence one vector.
    SentenceTransformers,
}

impl Format {
    pub const ALL: [Self; 5] = [Self::Hf, Self::Onnx, Self::OnnxInt8, Self::Peft, Self::SentenceTransformers];

    /// The name on the command line, and of the folder where there are several.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hf => "hf",
            Self::Onnx => "onnx",
            Self::OnnxInt8 => "onnx-int8",
            Self::Peft => "peft",
            Self::SentenceTransformers => "sentence-transformers",
        }
    }

    /// The name on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Hf => "Hugging Face folder",
            Self::Onnx => "ONNX",
            Self::OnnxInt8 => "ONNX, int8",
            Self::Peft => "PEFT adapter",
            Self::SentenceTransformers => "Sentence embeddings",
        }
    }
}

/// What opens a format.
pub fn library(format: Format) -> &'static str {
    match format {
        Format::Hf => "transformers",
        Format::Onnx | Format::OnnxInt8 => "onnx",
        Format::Peft => "peft",
        Format::SentenceTransformers => "sentence-transformers",
    }
}

/// How a format is opened, as a section of a card.
pub fn usage(format: Format, task: Option<Task>) -> String {
    let Some(task) = task else { return String::new() };
    let class = HeadKind::for_task(task).auto_class();
    let texts = match task.reads() {
        Reads::Question => "\"question\", \"context\"",
        Reads::Neighbours(_) => "\"first text\", \"second text\"",
        Reads::Texts | Reads::Words | Reads::Running => "\"text\"",
    };
    let code = match format {
        Format::Hf => format!(
            "from transformers import AutoTokenizer, {class}\n\ntokenizer = AutoTokenizer.from_pretrained(\".\")\n\
             model = {class}.from_pretrained(\".\")\noutputs = model(**tokenizer({texts}, return_tensors=\"pt\"))"
        ),
        Format::Peft => format!(
            "from peft import PeftConfig, PeftModel\nfrom transformers import AutoConfig, {class}\n\n\
             base = PeftConfig.from_pretrained(\".\").base_model_name_or_path\n\
             model = {class}.from_pretrained(base, config=AutoConfig.from_pretrained(\".\"))\n\
             model = PeftModel.from_pretrained(model, \".\")"
        ),
        Format::Onnx | Format::OnnxInt8 => format!(
            "import onnxruntime\nfrom transformers import AutoTokenizer\n\n\
             tokenizer = AutoTokenizer.from_pretrained(\".\")\nsession = onnxruntime.InferenceSession(\"model.onnx\")\n\
             outputs = session.run(None, dict(tokenizer({texts}, return_tensors=\"np\")))"
        ),
        Format::SentenceTransformers => "from sentence_transformers import SentenceTransformer\n\n\
             model = SentenceTransformer(\".\")\nvectors = model.encode([\"text\", \"another text\"])"
            .to_owned(),
    };
    format!("## Use\n\n```python\n{code}\n```\n\n")
}
