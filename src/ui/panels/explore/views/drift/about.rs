//! How everything here is computed, and by which papers.

use crate::ui::widgets::help::Help;

pub const HELP: Help<'static> = Help {
    title: "What changed between two models",
    paragraphs: &[
        "Both models read the same texts. States are compared by linear centred kernel alignment (CKA): 1 where they are the \
         same but for a rotation and a scale, 0 where they have nothing in common. Every token is one example; models that \
         part a text into other tokens are compared text by text, each the mean over its tokens.",
        "Heads are compared by the Jensen-Shannon divergence of what each token looks at, in bits: 0 where a head looks \
         where it looked, 1 where it looks at other tokens altogether. The number is the mean over the tokens of all texts.",
        "Weights are compared by the norm of their difference as a share of the norm they had (Frobenius norms).",
        "CKA over fewer tokens than a state has numbers says more likeness than there is; that is told where it is so.",
    ],
    papers: &[
        (
            "Kornblith, Norouzi, Lee and Hinton, 2019, Similarity of Neural Network Representations Revisited",
            "https://arxiv.org/abs/1905.00414",
        ),
        ("Lin, 1991, Divergence Measures Based on the Shannon Entropy", "https://doi.org/10.1109/18.61115"),
        (
            "Murphy, Zylberberg and Fyshe, 2024, Correcting Biased Centered Kernel Alignment Measures",
            "https://arxiv.org/abs/2405.01012",
        ),
    ],
};
