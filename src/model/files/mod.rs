//! stub
use std::path::Path;
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ModelFilesError(pub String);
pub struct TensorInfo { pub name: String, pub shape: Vec<usize>, pub dtype: String }
pub struct TensorFiles { tensors: Vec<TensorInfo>, all: std::collections::HashMap<String, candle_core::Tensor> }
impl TensorFiles {
    pub fn open(dir: &Path) -> Result<Self, ModelFilesError> {
        let all = candle_core::safetensors::load(dir.join("model.safetensors"), &candle_core::Device::Cpu).map_err(|e| ModelFilesError(e.to_string()))?;
        let tensors = all.iter().map(|(n, t)| TensorInfo { name: n.clone(), shape: t.dims().to_vec(), dtype: "f32".into() }).collect();
        Ok(Self { tensors, all })
    }
    pub fn tensors(&self) -> &[TensorInfo] { &self.tensors }
    pub fn find(&self, name: &str) -> Option<&TensorInfo> { self.tensors.iter().find(|t| t.name == name) }
    pub fn dtype(&self) -> String { "f32".into() }
    pub fn read_f32(&self, name: &str) -> Result<Vec<f32>, ModelFilesError> {
        self.all[name].flatten_all().and_then(|t| t.to_vec1()).map_err(|e| ModelFilesError(e.to_string()))
    }
}
pub fn write_safetensors(_path: &Path, _tensors: &[(String, Vec<usize>, Vec<f32>)]) -> Result<(), ModelFilesError> { Ok(()) }
