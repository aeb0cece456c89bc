//! Why an adapter cannot be opened as a model.

#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    #[error("cannot read adapter_config.json: {source}")]
    Unreadable { source: std::io::Error },
    #[error("adapter_config.json is not what PEFT writes: {source}")]
    Syntax { source: serde_json::Error },
    #[error("it has no adapter_model.safetensors or adapter_model.bin")]
    NoWeights,
    #[error("it is a PEFT adapter of the kind {kind}; Attune reads LORA")]
    Kind { kind: String },
    #[error("it is an adapter for a model that writes text ({task}), and Attune has encoders, which read it")]
    Writes { task: String },
    #[error("it was made with {key} = {value}, which Attune cannot merge into the base")]
    Option { key: &'static str, value: String },
    #[error(
        "it is an adapter for a model that adapter_config.json does not name; write the folder of that model into \
         base_model_name_or_path"
    )]
    NoBase,
    #[error(
        "it is an adapter for \"{name}\", which is neither a folder from here, nor beside the adapter, nor in the cache; \
         put the model's folder beside the adapter, fetch it with `attune download {name}`, or write where it lies into \
         base_model_name_or_path of adapter_config.json"
    )]
    BaseMissing { name: String },
    #[error("its base \"{name}\" is an adapter itself; export that one merged first")]
    BaseIsAdapter { name: String },
    #[error("its tensor \"{name}\" is not one that Attune knows")]
    UnknownTensor { name: String },
    #[error("it has one of the two matrices of \"{module}\" and lacks the other")]
    Half { module: String },
    #[error("it changes \"{module}\", which its base does not have")]
    NotInBase { module: String },
    #[error(
        "it changes the word table where texts come in, and its base has the same table where words come out, which it leaves"
    )]
    TiedTable,
    #[error("its matrices for \"{module}\" have the shapes {a:?} and {b:?}, and the base's weight has {weight:?}")]
    Shapes { module: String, a: Vec<usize>, b: Vec<usize>, weight: Vec<usize> },
}
