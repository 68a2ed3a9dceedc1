using static Fovea.Models.Graphs.OtherForm;

namespace Fovea.Models.Graphs;

/// <summary>The rows of the operator table for normalisations by mean and variance, or by neighbouring channels.</summary>
internal static class NormalizationOperators
{
    public static readonly Operator[] Rows =
    [
        new("BatchNormalization", ShapeRules.BatchNormalization, BatchNormalizationRule.Gradient)
        {
            Kind = LayerKind.Normalization,
            Traits = Traits.Secondary | Traits.Weighted | Traits.ChannelsFirst,
            Attributes = [("epsilon", 1e-5f), ("training_mode", 0L)],
            OtherForms = [Before(14, OlderForms.InferenceBatchNormalization)],
        },
        new("LayerNormalization", ShapeRules.LayerNormalization, NormalizationRule.Layer)
        {
            Kind = LayerKind.Normalization, Attributes = [("epsilon", 1e-5f)],
        },
        new("InstanceNormalization", ShapeRules.SameAsInput, NormalizationRule.Instance)
        {
            Kind = LayerKind.Normalization, Traits = Traits.NeedsFullPrecision,
        },
        new("LRN", ShapeRules.SameAsInput, ResponseNormalization.Gradient)
        {
            LayerName = "LocalResponseNormalization",
            Kind = LayerKind.Normalization,
            Traits = Traits.ChannelsFirst | Traits.NeedsFullPrecision,
            Attributes = [("size", 0L), ("alpha", 1e-4f), ("beta", 0.75f), ("bias", 1f)],
        },

        // Operators without a gradient rule
        new("LpNormalization", ShapeRules.SameAsInput) { Kind = LayerKind.Normalization, Traits = Traits.NeedsFullPrecision },

        // Operators with neither a shape rule nor a gradient rule
        new("MeanVarianceNormalization") { Kind = LayerKind.Normalization, Traits = Traits.SameInAllSets },
        new("GroupNormalization") { Kind = LayerKind.Normalization },
        new("RMSNormalization") { Kind = LayerKind.Normalization },

        // Operators of ONNX Runtime's own set, com.microsoft
        new("SimplifiedLayerNormalization") { Kind = LayerKind.Normalization },
        new("SkipLayerNormalization") { Kind = LayerKind.Normalization },
        new("SkipSimplifiedLayerNormalization") { Kind = LayerKind.Normalization },
    ];
}
