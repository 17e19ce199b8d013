from .layers import GATLayer, GCNLayer, SAGELayer
from .models import GraphClassifier, NodeEncoder

__all__ = ["GATLayer", "GCNLayer", "GraphClassifier", "NodeEncoder", "SAGELayer"]
