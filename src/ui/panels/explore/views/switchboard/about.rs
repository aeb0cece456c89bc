//! How the parts are switched off and measured, and by which papers.

use crate::ui::widgets::help::Help;

pub const SWITCHES: Help<'static> = Help {
    title: "Heads and layers switched off",
    paragraphs: &[
        "A head that is off gives nothing to the layer that joins the heads: to the bit the model whose weights for it are \
         zeros there. With all heads of a layer off, or its feed-forward, what remains of that half is its bias and what \
         passes around it. A head that is off still shows what it would look at.",
        "The importance of a head is how fast the loss of a text changes with a mask on what the head gives, without its \
         sign, in the mean over the texts of a sample; it takes one pass forward and one back. It says what a very small \
         change would do. The loss without a head is exact: each is switched off by itself and the sample is predicted \
         again. Heads can stand in for each other, so what several do together is told only by switching them off together.",
        "Nothing here changes the model: it is whole in every other view.",
    ],
    papers: &[
        (
            "Michel, Levy and Neubig, 2019, Are Sixteen Heads Really Better than One?",
            "https://arxiv.org/abs/1905.10650",
        ),
        ("Voita et al., 2019, Analyzing Multi-Head Self-Attention", "https://arxiv.org/abs/1905.09418"),
    ],
};
