using Fovea.Models.Graphs;

namespace Fovea.Models.Summary;

/// <summary>The name and colours of a kind of layer in the picture of a network.</summary>
/// <param name="Name">The name in the picture's legend.</param>
/// <param name="Fill">The colour of a box, as #rrggbb.</param>
/// <param name="Stroke">The colour of a box's border, as #rrggbb.</param>
internal sealed record LayerStyle(string Name, string Fill, string Stroke)
{
    public static LayerStyle Of(LayerKind kind) => kind switch
    {
        LayerKind.Input => new("input", "#ffffff", "#555555"),
        LayerKind.Convolution => new("convolution", "#d6e6fb", "#3a72b8"),
        LayerKind.Pool => new("pooling", "#d9f0d8", "#3c8a45"),
        LayerKind.Normalization => new("normalisation", "#fdf0c8", "#b08a1e"),
        LayerKind.Dense => new("dense", "#eadcf7", "#7a4bab"),
        LayerKind.Activation => new("activation", "#fde0cf", "#bd6430"),
        LayerKind.Join => new("join", "#cfeeee", "#2b8585"),
        LayerKind.Block => new("block", "#e1e4f5", "#4f5aa8"),
        LayerKind.Form => new("form", "#ececec", "#777777"),
        _ => new("other", "#f8f8f8", "#999999"),
    };
}
