//! How the words are weighed, and by which papers.

use crate::ui::widgets::help::Help;

pub const WORDS: Help<'static> = Help {
    title: "Words over the data",
    paragraphs: &[
        "In each text a word has the weight that the same map gives it in Why: gradient \u{d7} input, or by how much the logit \
         falls when it is hidden. A word that stands in a text several times has the sum of its places there. Case and the \
         signs around a word do not count, punctuation is left out, and a contraction such as don\u{2019}t is one word that \
         adds what its parts add. Of tags the logits of a tag at all words that have it or are given it are added up.",
        "The mean is over the texts with the word, with its 95 percent interval from how much the texts differ. The total is \
         the sum over them.",
        "Expected is what the labels alone say: how much likelier the label is where the word stands, as a difference of log \
         odds with half a row added to each count; of numbers, how much higher they are there in standard deviations.",
        "A line is laid through the means of all listed words by what is expected. A word surprises by how far it lies from \
         that line, in units of the usual scatter: how far words lie from it in general, and how sure both numbers of the \
         word are. Above 0 it pulls more towards the answer than its labels suggest. Such words are where a model may \
         have learned something else than one thinks, or where the labels are odd. A weight tells what the model does with a \
         word in these texts and not why it learned to.",
    ],
    papers: &[
        (
            "Why is \u{201c}Problems\u{201d} Predictive of Positive Sentiment? A Case Study of Explaining Unintuitive Features, 2024",
            "https://arxiv.org/abs/2406.03594",
        ),
        ("Shrikumar et al., 2016, Not Just a Black Box", "https://arxiv.org/abs/1605.01713"),
        ("Monroe, Colaresi and Quinn, 2008, Fightin\u{2019} Words", "https://doi.org/10.1093/pan/mpn018"),
    ],
};
