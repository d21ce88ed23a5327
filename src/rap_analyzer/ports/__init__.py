"""Every seam of the house, as Protocols: what a step needs, and what an adapter promises."""

from rap_analyzer.ports.machinery import (
    Analyzer,
    Cache,
    ChatModel,
    CpuPool,
    Embedder,
    EmotionModel,
    Progress,
    SharedState,
)
from rap_analyzer.ports.sources import FeatureSource, LyricsPage, LyricsSource, MetadataSource
from rap_analyzer.ports.stores import (
    AnalysisStore,
    EnrichmentStore,
    Frontier,
    KeptPageStore,
    Ledger,
    PassageStore,
    SearchStore,
    TailStore,
    TrackReader,
    TrackWriter,
    VerdictStore,
    VersionStore,
)

__all__ = [
    "AnalysisStore",
    "Analyzer",
    "Cache",
    "ChatModel",
    "CpuPool",
    "Embedder",
    "EmotionModel",
    "EnrichmentStore",
    "FeatureSource",
    "Frontier",
    "KeptPageStore",
    "Ledger",
    "LyricsPage",
    "LyricsSource",
    "MetadataSource",
    "PassageStore",
    "Progress",
    "SearchStore",
    "SharedState",
    "TailStore",
    "TrackReader",
    "TrackWriter",
    "VerdictStore",
    "VersionStore",
]
