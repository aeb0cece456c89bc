//! How the probes are computed, and by which papers.

use crate::ui::widgets::help::Help;

pub const PROBE: Help<'static> = Help {
    title: "Layer probe",
    paragraphs: &[
        "Each text goes through the encoder once as it is, and the state of its first token and the mean of all its tokens \
         are kept after every layer. On them a linear model learns the labels, layer by layer, so what it comes to is what \
         the layer already knows in a form that a line can read. The embeddings are what enters layer 1.",
        "Where each word has a tag, the states are those of words: of each its first token's, and the mean of its tokens. \
         The words of a sentence are held out together, and what is counted are entities that are right as a whole.",
        "The rows are divided into folds in which every class has its share, and each row is predicted by a probe that did \
         not see it. Repeated texts, and rows of one group, are in one fold. The states are standardised and the weights \
         held down as strongly as a fifth of the rows that are learned from finds best (L2). Rows that are held out for \
         evaluation take no part.",
        "Of accuracies the line on a bar is Wilson's 95 percent interval over all rows; of F1 and R² it is the middle 95 \
         percent of a thousand draws of the rows, of entities of the sentences. A layer counts as enough when it comes into the interval of the best one.",
        "How far to freeze is a proposal: training changes what the upper layers say, and a task that a line cannot read \
         may still be learned.",
    ],
    papers: &[
        (
            "Alain and Bengio, 2016, Understanding intermediate layers using linear classifier probes",
            "https://arxiv.org/abs/1610.01644",
        ),
        (
            "Tenney, Das and Pavlick, 2019, BERT Rediscovers the Classical NLP Pipeline",
            "https://arxiv.org/abs/1905.05950",
        ),
        ("Wilson, 1927, Probable Inference", "https://doi.org/10.1080/01621459.1927.10502953"),
    ],
};
