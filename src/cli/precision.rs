//! How exactly a model is asked.

use clap::Args;

use crate::model::Precision;

/// In which numbers the encoder is computed.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// Round the encoder's weights and their inputs to eight bits: faster, and answers may differ a little
    #[arg(long)]
    int8: bool,
}

impl Asked {
    pub(super) fn precision(&self) -> Precision {
        if self.int8 { Precision::Int8 } else { Precision::F32 }
    }
}
