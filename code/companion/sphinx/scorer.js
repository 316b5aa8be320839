// What Sphinx's search counts, with its own numbers; of equals, what has that name comes before
// pages on which the words occur.
var Scorer = {
  score: ([, , anchor, , score]) => score + (anchor ? 1 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
