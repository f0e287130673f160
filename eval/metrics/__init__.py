"""Metrics of one question's passages and answer: a file each, or a family, with formula and source.

Each is None where there is nothing to judge, and never 0 for that. `places`, `texts` and `cited` say what all of them
read: spans of articles, normalised words, and what a statement cites.
"""

from eval.metrics.article_rank import article_hit, article_reciprocal_rank
from eval.metrics.brevity import brevity
from eval.metrics.citation_overlap import citation_hit, citation_precision
from eval.metrics.citation_recall import citation_recall
from eval.metrics.citation_validity import citations_exact, citations_resolve
from eval.metrics.evidence_coverage import evidence_precision, evidence_recall
from eval.metrics.evidence_hit import evidence_hit
from eval.metrics.exact_match import exact_match
from eval.metrics.forbidden import holds_forbidden
from eval.metrics.gold_containment import gold_containment, gold_share
from eval.metrics.gold_figures import gold_figures
from eval.metrics.joint_accuracy import is_right
from eval.metrics.latency import percentile
from eval.metrics.marked_sentences import marked_sentences
from eval.metrics.ndcg import ndcg
from eval.metrics.places import Place, cited_places, covers_evidence, overlap
from eval.metrics.reciprocal_rank import reciprocal_rank
from eval.metrics.refusal import balanced_accuracy, over_refusal, refusal
from eval.metrics.statement_support import statement_precision, statement_recall, supports
from eval.metrics.texts import Gold, contains, normalize_answer, said, tokens
from eval.metrics.token_f1 import token_f1
from eval.metrics.unsupported_figures import unsupported_figures

__all__ = [
    "Gold",
    "Place",
    "article_hit",
    "article_reciprocal_rank",
    "balanced_accuracy",
    "brevity",
    "citation_hit",
    "citation_precision",
    "citation_recall",
    "citations_exact",
    "citations_resolve",
    "cited_places",
    "contains",
    "covers_evidence",
    "evidence_hit",
    "evidence_precision",
    "evidence_recall",
    "exact_match",
    "gold_containment",
    "gold_figures",
    "gold_share",
    "holds_forbidden",
    "is_right",
    "marked_sentences",
    "ndcg",
    "normalize_answer",
    "over_refusal",
    "overlap",
    "percentile",
    "reciprocal_rank",
    "refusal",
    "said",
    "statement_precision",
    "statement_recall",
    "supports",
    "token_f1",
    "tokens",
    "unsupported_figures",
]
