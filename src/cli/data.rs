//! Arguments that name the columns of a file.

use clap::Args;

use crate::data::Roles;

/// Which column plays which part; what is not named is guessed.
#[derive(Debug, Default, Args)]
pub struct Columns {
    /// The column with the text
    #[arg(long, value_name = "NAME")]
    text: Option<String>,
    /// The column with the second text
    #[arg(long, value_name = "NAME")]
    pair: Option<String>,
    /// The column with the label
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
}

impl Columns {
    pub fn roles(&self) -> Roles {
        Roles { text: self.text.clone(), pair: self.pair.clone(), label: self.label.clone(), ..Roles::default() }
    }
}
