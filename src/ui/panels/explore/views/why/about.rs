//! How everything here is computed, and by which papers.

use crate::inspect::why::Method;
use crate::ui::widgets::help::Help;

pub fn map(method: Method) -> Help<'static> {
    match method {
        Method::GradientInput => Help {
            title: "Gradient × input",
            paragraphs: &[
                "The gradient of the explained logit by the vector of each token, times that vector, summed over its \
                 length. The vectors are the rows of the word table, before positions are added. A word has the sum of \
                 its pieces.",
                "It is there at once, as it takes one pass forward and one back. It says what a small change would do, \
                 which may differ from what taking the word away does.",
                "With 8-bit weights the gradient is that of the weights before they were rounded.",
            ],
            papers: &[("Shrikumar et al., 2016, Not Just a Black Box", "https://arxiv.org/abs/1605.01713")],
        },
        Method::IntegratedGradients => Help {
            title: "Integrated gradients",
            paragraphs: &[
                "The same gradient along the whole straight line from an empty text, in which every token is the mask, \
                 the padding or a vector of zeros, to the text as it stands. The special tokens around it stay.",
                "The weights of all tokens add up to what the text adds to the logit. What is missing is the completeness \
                 gap. The line is cut into parts, and the steps go where the sum is still off.",
            ],
            papers: &[(
                "Sundararajan, Taly and Yan, 2017, Axiomatic Attribution for Deep Networks",
                "https://arxiv.org/abs/1703.01365",
            )],
        },
        Method::Occlusion => Help {
            title: "Occlusion",
            paragraphs: &[
                "Each word is hidden by itself and the model is asked again: its weight is by how much the logit falls. \
                 Hidden pieces are the mask token, or are taken out of the text.",
                "It is most faithful for models that saw hidden words while they were trained: Train has a switch for \
                 that.",
            ],
            papers: &[
                (
                    "Zeiler and Fergus, 2014, Visualizing and Understanding Convolutional Networks",
                    "https://arxiv.org/abs/1311.2901",
                ),
                (
                    "Madsen, Reddy and Chandar, 2023, Faithfulness Measurable Masked Language Models",
                    "https://arxiv.org/abs/2310.07819",
                ),
            ],
        },
    }
}

pub const TRIAL: Help<'static> = Help {
    title: "How far to believe a map",
    paragraphs: &[
        "The words of this text are hidden in the order of each map, from the one that speaks most for the answer on, and \
         the probability is watched. A map that found what counts makes it fall early.",
        "Comprehensiveness is how far the probability falls without the best 1, 5, 10, 20 and 50 percent of the words, at \
         least one, in the mean: the higher the better. Sufficiency is how far it falls with them alone: the lower the \
         better. The most faithful map has the largest difference of the two.",
        "Chance is the mean of five random orders. A map that is no better than that says nothing about this text.",
    ],
    papers: &[("DeYoung et al., 2020, ERASER", "https://arxiv.org/abs/1911.03429")],
};

pub const CHANGE: Help<'static> = Help {
    title: "What would change the answer",
    paragraphs: &[
        "Words are taken out of the text, from the one that matters most on, until the answer turns; those that were not \
         needed are put back. Smaller sets are then tried one by one, as far as there are not too many.",
        "For the swaps each word is hidden, a masked-word head says what else may stand there, and the model is asked about \
         the text with each of the eight likeliest. The model's own head proposes where it has one, otherwise attune-mini.",
        "Every text here was given to the model as it stands, and can be put into the text box.",
    ],
    papers: &[("Ross, Marasović and Peters, 2021, MiCE", "https://arxiv.org/abs/2012.13985")],
};

pub const NEAREST: Help<'static> = Help {
    title: "Where it learned it",
    paragraphs: &[
        "Every row to learn from goes through the encoder once, and so does the text. Their states after the chosen layer, of \
         the first token where the head reads that and otherwise the mean over all tokens, are compared by the cosine of the \
         angle between them: 1 is the same direction. The embeddings, which enter layer 1, are always compared by their mean.",
        "A row whose label is not the answer stands in another colour: near rows with other labels are where the data \
         contradict themselves, or where the model cannot tell things apart. That a row is near does not prove that the \
         answer was learned from it.",
    ],
    papers: &[("Papernot and McDaniel, 2018, Deep k-Nearest Neighbors", "https://arxiv.org/abs/1803.04765")],
};
