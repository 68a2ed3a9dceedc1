using Fovea.Models.Graphs;

namespace Fovea.Models.Rewrites;

/// <summary>
/// The table of rewrites, one row per rewrite. For a node and a purpose, the first row is applied that has the purpose, suits the node and
/// emits a replacement.
/// </summary>
internal static class RewriteTable
{
    /// <summary>All rows of the table of rewrites.</summary>
    public static readonly IReadOnlyList<Rewrite> Rows =
    [
        // Rewrites for serving on CPUs
        new("Winograd", 3, RewriteUses.ServingOnCpu, Winograd.Suits, (c, node, _) => Winograd.Rewrite(c, node)),
        new(
            "response normalisation", 1, RewriteUses.ServingOnCpu | RewriteUses.TrainingOnCpu, ResponseNormalization.Suits,
            (c, node, x) => [ResponseNormalization.Expressed(c.Target, x[0]!, node)]),
        new(
            "paired columns", 1, RewriteUses.ServingOnCpu, PairedColumns.Suits,
            (c, node, _) => [PairedColumns.Rewrite(c.Target, node, c.Values)]),

        // Rewrites for training on CPUs
        new("Winograd for training", 1, RewriteUses.TrainingOnCpu, node => Is(node, "Conv"), TrainingWinograd.Forward),
        new(
            "Winograd for input gradients", 1, RewriteUses.TrainingOnCpu, node => Is(node, "ConvTranspose"),
            TrainingWinograd.InputGradient),
        new("Winograd for weight gradients", 1, RewriteUses.TrainingOnCpu, IsWeightGradient, TrainingWinograd.WeightGradient),
        new(
            "max pool gradient", 2, RewriteUses.TrainingOnCpu, GradientKernels.ScattersToMaxima,
            (c, node, _) => GradientKernels.ToMaxima(c, node)),
        new("activation gradient", 1, RewriteUses.TrainingOnCpu, GradientKernels.MasksByRelu, GradientKernels.Masked),
        new("batch normalisation", 1, RewriteUses.TrainingOnCpu, NormalizationLowering.Suits, NormalizationLowering.Forward),
        new("fused addition", 1, RewriteUses.TrainingOnCpu, node => Is(node, "Add"), NormalizationLowering.FusedAddition),
        new("batch norm gradient", 1, RewriteUses.TrainingOnCpu, IsNormalizationGradient, NormalizationLowering.Gradient),
        new("convolution", 2, RewriteUses.TrainingOnCpu, node => Is(node, "Conv"), ConvLowering.Forward),
        new("fused activation", 1, RewriteUses.TrainingOnCpu, node => Is(node, "Relu"), ConvLowering.FusedRelu),
        new("input gradient", 2, RewriteUses.TrainingOnCpu, node => Is(node, "ConvTranspose"), ConvLowering.InputGradient),
        new("strided input gradient", 1, RewriteUses.TrainingOnCpu, node => Is(node, "ConvTranspose"), StridedInputGradient.Of),
        new("weight gradient", 2, RewriteUses.TrainingOnCpu, IsWeightGradient, WeightGradientLowering.Of),

        // Rewrites for training on CUDA
        new("weight gradient by positions", 1, RewriteUses.TrainingOnCuda, IsWeightGradient, CudaLowering.WeightGradient),
        new("symmetric padding", 1, RewriteUses.TrainingOnCuda, CudaLowering.IsUnevenlyPadded, CudaLowering.SymmetricallyPadded),
        new("batch norm gradient by operators", 1, RewriteUses.TrainingOnCuda, IsNormalizationGradient, CudaLowering.NormalizationGradient),
        new(
            "batch statistics", 1, RewriteUses.TrainingOnCuda,
            node => Is(node, "BatchNormalization") && node.Int("training_mode") != 0, CudaLowering.TrainingNormalization),
    ];

    /// <summary>
    /// The names and versions of the rows for one purpose, as one text. Speed measurements are stored with this text and are ignored if it
    /// differs.
    /// </summary>
    public static string Versions(RewriteUses use) =>
        string.Join(", ", Rows.Where(row => row.Uses.HasFlag(use)).Select(row => $"{row.Name} {row.Version}"));

    private static bool Is(Node node, string op) => node.Domain.Length == 0 && node.Op == op;

    private static bool IsWeightGradient(Node node) =>
        node is { Domain: Placeholders.Domain, Op: Placeholders.ConvWeightGradient };

    private static bool IsNormalizationGradient(Node node) =>
        node is { Domain: Placeholders.Domain, Op: Placeholders.BatchNormGradient };
}
