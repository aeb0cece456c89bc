//! How everything here is computed, and by which papers.

use crate::inspect::why::Method;
use crate::ui::widgets::about::About;

pub fn map(method: Method) -> About<'static> {
    match method {
        Method::GradientInput => About {
            name: "How gradient × input is computed",
            words: &[
                "The gradient of the explained logit by the vector of each token, times that vector, summed over its \
                 length. The vectors are the rows of the word table, before positions are added. A word has the sum of \
                 its pieces.",
                "It is there at once, as it takes one pass forward and one back. It says what a small change would do, \
                 which may differ from what taking the word away does.",
            ],
            sources: &["Shrikumar et al., 2016, Not just a black box, arXiv 1605.01713"],
        },
        Method::IntegratedGradients => About {
            name: "How integrated gradients are computed",
            words: &[
                "The same gradient along the whole straight line from an empty text, in which every token is the mask, \
                 the padding or a vector of zeros, to the text as it stands. The special tokens around it stay.",
                "The weights of all tokens add up to what the text adds to the logit. What is missing is the completeness \
                 gap. The line is cut into parts, and the steps go where the sum is still off.",
            ],
            sources: &["Sundararajan, Taly, Yan, 2017, Axiomatic attribution for deep networks, arXiv 1703.01365"],
        },
        Method::Occlusion => About {
            name: "How occlusion is computed",
            words: &[
                "Each word is hidden by itself and the model is asked again: its weight is by how much the logit falls. \
                 Hidden pieces are the mask token, or are taken out of the text.",
                "It is most faithful for models that saw hidden words while they were trained: Train has a switch for \
                 that.",
            ],
            sources: &[
                "Zeiler, Fergus, 2014, arXiv 1311.2901",
                "Madsen et al., 2023, Faithfulness measurable masked language models, arXiv 2310.07819",
            ],
        },
    }
}

pub const TRIAL: About<'static> = About {
    name: "How faithfulness is computed",
    words: &[
        "The words of this text are hidden in the order of each map, from the one that speaks most for the answer on, and \
         the probability is watched. A map that found what counts makes it fall early.",
        "Comprehensiveness is how far the probability falls without the best 1, 5, 10, 20 and 50 percent of the words, at \
         least one, in the mean: the higher the better. Sufficiency is how far it falls with them alone: the lower the \
         better. The most faithful map has the largest difference of the two.",
        "Chance is the mean of five random orders. A map that is no better than that says nothing about this text.",
    ],
    sources: &["DeYoung et al., 2020, ERASER, arXiv 1911.03429"],
};

pub const CHANGE: About<'static> = About {
    name: "How the changes are found",
    words: &[
        "Words are taken out of the text, from the one that matters most on, until the answer turns; those that were not \
         needed are put back. Smaller sets are then tried one by one, as far as there are not too many.",
        "For the swaps each word is hidden, a masked-word head says what else may stand there, and the model is asked about \
         the text with each of the eight likeliest. The model's own head proposes where it has one, otherwise attune-mini.",
        "Every text here was given to the model as it stands, and can be put into the text box.",
    ],
    sources: &["Ross et al., 2021, MiCE, arXiv 2012.13985", "Jacovi, Goldberg, 2021, arXiv 2006.01067"],
};
