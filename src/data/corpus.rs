//! stub
use super::{DataError, Tokenizer};
use crate::task::Task;
use std::ops::ControlFlow;
#[derive(Debug)]
pub struct Corpus;
pub struct Block { pub ids: Vec<u32>, pub types: Vec<u32>, pub words: Vec<Option<u32>> }
pub struct Drawn { pub ids: Vec<u32>, pub types: Vec<u32>, pub class: u32 }
#[derive(Debug)]
pub struct Segments;
pub struct CorpusOptions { pub max_tokens: usize, pub join_lines: bool }
impl Corpus {
    pub fn build(_: impl Iterator<Item = Result<(usize, String), DataError>>, _: &Tokenizer, _: CorpusOptions, _: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<Option<Self>, DataError> { Ok(None) }
    pub fn len(&self) -> usize { 0 }
    pub fn tokens(&self, _: usize) -> usize { 0 }
    pub fn get(&self, _: usize) -> Result<Block, DataError> { unimplemented!() }
}
impl Segments {
    pub fn build(_: impl Iterator<Item = Result<(usize, String), DataError>>, _: &Tokenizer, _: usize, _: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<Option<Self>, DataError> { Ok(None) }
    pub fn len(&self) -> usize { 0 }
    pub fn tokens(&self, _: usize) -> usize { 0 }
    pub fn get(&self, _: Task, _: usize, _: u64) -> Result<Drawn, DataError> { unimplemented!() }
}
