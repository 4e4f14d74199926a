# SPDX-License-Identifier: Apache-2.0
"""Names of the indicators of the Foundation Model Transparency Index, December 2025.

By Stanford CRFM and others, at github.com/stanford-crfm/fmti, under CC BY 4.0. The names are
theirs; what a filled report says under each is not.
"""

from __future__ import annotations

INDICATORS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Upstream: Data Acquisition",
        (
            "Data acquisition methods",
            "Public datasets",
            "Crawling",
            "Usage data used in training",
            "Notice of usage data used in training",
            "Licensed data sources",
            "Licensed data compensation",
            "New human-generated data sources",
            "Instructions for data generation",
            "Data laborer practices",
            "Synthetic data sources",
            "Synthetic data purpose",
        ),
    ),
    (
        "Upstream: Data Processing",
        (
            "Data processing methods",
            "Data processing purpose",
            "Data processing techniques",
        ),
    ),
    (
        "Upstream: Data Properties",
        (
            "Data size",
            "Data language composition",
            "Data domain composition",
            "External data access",
            "Data replicability",
        ),
    ),
    (
        "Upstream: Compute",
        (
            "Compute usage for final training run",
            "Compute usage including R&D",
            "Development duration for final training run",
            "Compute hardware for final training run",
            "Compute provider",
            "Energy usage for final training run",
            "Carbon emissions for final training run",
            "Water usage for final training run",
            "Internal compute allocation",
        ),
    ),
    (
        "Upstream: Methods",
        (
            "Model stages",
            "Model objectives",
            "Code access",
        ),
    ),
    (
        "Upstream: Other resources",
        (
            "Organization chart",
            "Model cost",
        ),
    ),
    (
        "Model: Model information",
        (
            "Basic model properties",
            "Deeper model properties",
            "Model dependencies",
            "Benchmarked inference",
        ),
    ),
    (
        "Model: Model access",
        (
            "Researcher credits",
            "Specialized access",
            "Open weights",
            "Agent Protocols",
        ),
    ),
    (
        "Model: Capabilities",
        (
            "Capabilities taxonomy",
            "Capabilities evaluation",
            "External reproducibility of capabilities evaluation",
            "Train-test overlap",
        ),
    ),
    (
        "Model: Risks",
        (
            "Risks taxonomy",
            "Risks evaluation",
            "External reproducibility of risks evaluation",
            "Pre-deployment risk evaluation",
            "External risk evaluation",
        ),
    ),
    (
        "Model: Model Mitigations",
        (
            "Mitigations taxonomy",
            "Mitigations taxonomy mapped to risk taxonomy",
            "Mitigations efficacy",
            "External reproducibility of mitigations evaluation",
            "Model theft prevention measures",
        ),
    ),
    (
        "Model: Release",
        (
            "Release stages",
            "Risk thresholds",
            "Versioning protocol",
            "Change log",
            "Foundation model roadmap",
            "Top distribution channels",
            "Quantization",
            "Terms of use",
        ),
    ),
    (
        "Downstream: Usage data",
        (
            "Distribution channels with usage data",
            "Amount of usage",
            "Classification of usage data",
            "Data retention and deletion policy",
            "Geographic statistics",
        ),
    ),
    (
        "Downstream: Impact",
        (
            "Internal products and services",
            "External products and services",
            "Users of internal products and services",
            "Consumer/enterprise usage",
            "Enterprise users",
            "Government use",
            "Benefits Assessment",
        ),
    ),
    (
        "Downstream: Post-deployment monitoring",
        (
            "AI bug bounty",
            "Responsible disclosure policy",
            "Safe harbor",
            "Security incident reporting protocol",
            "Misuse incident reporting protocol",
            "Post-deployment coordination with government",
            "Feedback mechanisms",
        ),
    ),
    (
        "Downstream: Model Behavior Policy",
        (
            "Permitted, restricted, and prohibited model behaviors",
            "Model response characteristics",
            "System prompt",
            "Intermediate tokens",
        ),
    ),
    (
        "Downstream: Downstream mitigations",
        (
            "Internal product and service mitigations",
            "External developer mitigations",
            "Enterprise mitigations",
            "Detection of machine-generated content",
            "Documentation for responsible use",
        ),
    ),
    (
        "Downstream: Acceptable use policy",
        (
            "Permitted and prohibited users",
            "Permitted, restricted, and prohibited uses",
            "AUP enforcement process",
            "AUP enforcement frequency",
            "Regional policy variations",
        ),
    ),
    (
        "Downstream: Accountability",
        (
            "Oversight mechanism",
            "Whistleblower protection",
            "Government commitments",
        ),
    ),
)
"""Domain and subdomain with their indicators, in the order of the index."""
