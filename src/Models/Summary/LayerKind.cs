namespace Fovea.Models;

/// <summary>A kind of layer. A picture gives each kind a colour of its own.</summary>
/// <param name="Name">The name in the picture's legend.</param>
/// <param name="Fill">The colour of a box, as #rrggbb.</param>
/// <param name="Stroke">The colour of a box's border, as #rrggbb.</param>
internal sealed record LayerKind(string Name, string Fill, string Stroke)
{
    private static readonly LayerKind
        Input = new("input", "#ffffff", "#555555"),
        Convolution = new("convolution", "#d6e6fb", "#3a72b8"),
        Pool = new("pooling", "#d9f0d8", "#3c8a45"),
        Norm = new("normalisation", "#fdf0c8", "#b08a1e"),
        Dense = new("dense", "#eadcf7", "#7a4bab"),
        Activation = new("activation", "#fde0cf", "#bd6430"),
        Join = new("join", "#cfeeee", "#2b8585"),
        Block = new("block", "#e1e4f5", "#4f5aa8"),
        Form = new("form", "#ececec", "#777777"),
        Other = new("other", "#f8f8f8", "#999999");

    /// <summary>The kind of a layer, by the layer's type in a summary.</summary>
    public static LayerKind Of(string type) => type switch
    {
        "InputLayer" => Input,
        "Inception" or "Residual" or "Block" => Block,
        "Dense" or "MatMul" => Dense,
        "Concatenate" or "Add" or "Multiply" or "Subtract" or "Maximum" or "Minimum" or "Div" => Join,
        "Flatten" or "Reshape" or "Permute" or "Squeeze" or "Unsqueeze" or "Identity" or "Cast" => Form,
        "Dropout" or "Slice" or "Split" or "Gather" or "ZeroPadding2D" or "UpSampling2D" => Form,
        "ReLU" or "LeakyRelu" or "PRelu" or "Elu" or "Erf" or "Clip" => Activation,
        "Softmax" or "Sigmoid" or "HardSigmoid" or "HardSwish" or "Tanh" => Activation,
        _ when type.Contains("Conv2D", StringComparison.Ordinal) => Convolution,
        _ when type.Contains("Pooling", StringComparison.Ordinal) || type == "ReduceMean" => Pool,
        _ when type.Contains("Normalization", StringComparison.Ordinal) => Norm,
        _ => Other,
    };
}
