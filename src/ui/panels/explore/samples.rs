//! Texts to begin with, so that no screen of Explore is ever empty: written for Attune. Of each list a screen begins with
//! the first.

use super::words::Words;
use crate::inspect::Script;

pub const SENTENCES: [&str; 6] = [
    "Better than I had hoped, and it arrived a day early.",
    "It broke after two weeks and nobody answered my letter.",
    "It does what the box says, nothing more.",
    "Not bad at all for the price.",
    "I wanted to like it, but I could not.",
    "The first half is slow; the second makes up for everything.",
];

pub const ENTITIES: [&str; 5] = [
    "Ada Lovelace wrote to Charles Babbage from London about the Analytical Engine, and the University of Cambridge kept \
     the letters.",
    "Maria Okafor joined Northwind Labs in Lisbon last spring, after eight years at the Zurich office of Halden & Sons.",
    "The ferry from Piraeus to Naxos was late again, said Nikos Dimou of the island's harbour board.",
    "Toyota and the city of Nagoya will test the new trams together, Reuters reported on Monday.",
    "When the Danube flooded Passau in 2013, the Red Cross brought volunteers from all over Bavaria.",
];

/// The variable part of an antibody's heavy chain, a letter an amino acid.
const PROTEIN: &str =
    "EVQLVESGGGLVQPGGSLRLSCAASGFTFSSYAMSWVRQAPGKGLEWVSAISGSGGSTYYADSVKGRFTISRDNSKNTLYLQMNSLRAEDTAVYYCAKWGQGTLVTVSS";
/// Acetic anhydride and salicylic acid to aspirin.
const REACTION: &str = "CC(=O)OC(C)=O.O=C(O)c1ccccc1O>>CC(=O)Oc1ccccc1C(=O)O";

pub const PAIRS: [(&str, &str); 4] = [
    ("The kettle had boiled dry.", "She filled it again and waited."),
    ("The kettle had boiled dry.", "Most glaciers of the region have retreated since 1850."),
    ("They missed the last train of the night.", "So they walked home along the river."),
    ("A man is slicing an onion.", "Somebody is preparing vegetables."),
];

/// Later than, and because of: the order can be told from the words.
pub const ORDERS: [(&str, &str); 3] = [
    ("She opened the letter with a kitchen knife.", "Then she read it twice and put it in the stove."),
    ("The storm took the roof off the barn.", "By noon the neighbours had come with ladders and tin."),
    ("He learned to swim when he was forty.", "The following summer he crossed the lake."),
];

pub const REPLACED: [&str; 4] = [
    "The chef cooked a delicious laptop.",
    "The orchestra tuned their potatoes before the concert.",
    "She poured the coffee into a cup and drank the table.",
    "In winter the lake freezes and children go skating on the soup.",
];

/// `{}` stands for the mask.
const BLANKS: [&str; 4] = [
    "She studied law at the {} of Oxford.",
    "She was born in the United {} of America.",
    "The train arrived at the railway {}.",
    "He forgot his {} at home and came back wet from the {}.",
];

pub const QUESTIONS: [&str; 4] = [
    "Who built the first lighthouse?",
    "When did the tower fall?",
    "How high is the lamp above the sea?",
    "What does the keeper grow today?",
];

pub const DOCUMENT: &str =
    "The lighthouse of Skarvik stands on a bare rock at the mouth of the fjord. The first one, a \
wooden tower with an open coal fire, was built by the merchant Anders Holm in 1768, after he had lost two ships on the \
reef in one autumn. Pilots paid him a barrel of herring a year for the light, and he kept the accounts himself.

The wooden tower fell in the great storm of February 1837. Nobody was hurt: the keeper, Marit Lunde, had seen the \
foundations move and had carried the lamp down to the boathouse, where she kept it burning in the window for eleven \
nights. The crown gave her a silver medal, which she is said to have used as a lid for her coffee pot.

The present tower, of grey granite, was finished in 1841. Its lamp is 43 metres above the sea and can be seen for \
eighteen nautical miles in clear weather. It was fired with rapeseed oil, then with paraffin, and has been electric \
since 1926. The great lens was made in Paris; a crack on its northern side dates from the night of 9 April 1940.

The last keeper left in 1984, when the light was made automatic. Since 2003 the house has belonged to Ingrid Solberg, \
a botanist, who grows saxifrage and wild thyme between the rocks and lets two rooms to visitors from May to September. \
There is no road; the mail boat calls on Tuesdays and Fridays, if the sea allows it.";

/// What the objectives lab begins with: two sentences, so that there is an order to be told.
pub fn lesson(script: Script) -> &'static str {
    match script {
        Script::Words => "The river was so clear that we could see every stone. We swam until the sun went down.",
        Script::Proteins => PROTEIN,
        Script::Molecules => REACTION,
    }
}

/// Texts for masked words that a model can read.
pub fn masked(script: Script, mask: &str) -> Vec<Words> {
    let of = |text: String| Words { text, pair: None };
    match script {
        Script::Words => BLANKS.iter().map(|text| of(text.replace("{}", mask))).collect(),
        Script::Proteins => vec![of(PROTEIN.replacen("GLEW", &format!("G{mask}EW"), 1)), Words::of(PROTEIN)],
        Script::Molecules => vec![of(REACTION.replacen('O', mask, 1)), Words::of(REACTION)],
    }
}

pub fn alone(texts: &[&str]) -> Vec<Words> {
    texts.iter().map(|text| Words::of(text)).collect()
}

pub fn pairs(pairs: &[(&str, &str)]) -> Vec<Words> {
    pairs.iter().map(|(text, pair)| Words { pair: Some((*pair).to_owned()), ..Words::of(text) }).collect()
}
