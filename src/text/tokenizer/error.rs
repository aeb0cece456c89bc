//! What can be wrong with a tokenizer's files or with a request to it.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    #[error(
        "no tokenizer in \"{}\", expected tokenizer.json, vocab.txt, vocab.json with merges.txt, spiece.model, \
         sentencepiece.bpe.model, or spm.model",
        dir.display()
    )]
    Missing { dir: PathBuf },
    /// A tokenizer that would cut texts otherwise than any of those that are here.
    #[error(
        "the tokenizer in \"{}\" is a {class}, which Attune does not support, and another would cut texts into other tokens \
         than the model has learned; with a tokenizer.json in the folder it can be read, which transformers writes \
         where the tokenizer has a fast version: AutoTokenizer.from_pretrained(…).save_pretrained(…)",
        dir.display()
    )]
    Class { dir: PathBuf, class: String },
    #[error("cannot read \"{}\": {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("\"{}\" is not JSON: {source}", path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    /// A part of the file that cannot be used, by the name the file gives it.
    #[error("the {component} of \"{}\" cannot be used: {reason}", path.display())]
    Component { path: PathBuf, component: String, reason: String },
    #[error("the tokenizer has {token} as {id}, and the model has {embeddings} embeddings, 0 to {}", embeddings.saturating_sub(1))]
    Beyond { token: String, id: u32, embeddings: usize },
    #[error("the text cannot be tokenized: {reason}")]
    Encode { reason: String },
    #[error("the ids cannot be turned into text: {reason}")]
    Decode { reason: String },
    #[error("a limit of {max_tokens} tokens leaves no room for text beside the {special} special tokens")]
    LimitTooSmall { max_tokens: usize, special: usize },
    #[error("cannot write \"{}\": {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
}
