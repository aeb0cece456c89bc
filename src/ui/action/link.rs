//! What a person can do about views that are kept.

#[derive(Clone, Debug, PartialEq)]
pub enum LinkAction {
    /// Keeps the view of Explore that is looked at.
    Keep,
    /// Copies a link to it.
    Copy,
    /// Opens what a link leads to.
    Open(String),
    /// The same of one that was kept, under its title.
    OpenKept { title: String, link: String },
    /// Opens the data that a link was made with in the place of those that are open.
    OpenData(String),
    /// Keeps it no longer.
    Forget(String),
    /// Shows those that were kept.
    ShowKept,
}

impl LinkAction {
    /// Those that need nothing else said.
    pub fn commands() -> impl Iterator<Item = Self> {
        [Self::Keep, Self::Copy, Self::ShowKept].into_iter()
    }

    pub fn title(&self) -> String {
        match self {
            Self::Keep => "Keep this view",
            Self::Copy => "Copy a link to this view",
            Self::Open(_) => "Open the link",
            Self::OpenKept { title, .. } => return format!("Open {title}"),
            Self::OpenData(_) => "Open the data of the view",
            Self::Forget(_) => "Forget the kept view",
            Self::ShowKept => "Show kept views",
        }
        .to_owned()
    }

    pub fn tooltip(&self) -> &'static str {
        match self {
            Self::Keep => "Its model, text and settings as a link that leads back, also after a restart",
            Self::Copy => "Model, text and settings as one line that can be sent and pasted here",
            Self::Open(_) => "A view with its model, text and settings",
            Self::OpenKept { .. } | Self::OpenData(_) | Self::Forget(_) => "",
            Self::ShowKept => "Beside the log, with a field to paste links into",
        }
    }
}
