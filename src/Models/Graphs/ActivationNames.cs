using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

/// <summary>The names of activations in files.</summary>
internal static class ActivationNames
{
    /// <summary>softmax, sigmoid or none.</summary>
    public static string Name(this Activation activation) => activation.ToString().ToLowerInvariant();

    /// <summary>The activation of a name.</summary>
    /// <exception cref="FoveaException">It is another name.</exception>
    public static Activation Parse(string name) => name switch
    {
        "softmax" => Activation.Softmax,
        "sigmoid" => Activation.Sigmoid,
        "none" => Activation.None,
        _ => throw new FoveaException(ErrorCode.BadModelFile, $"activation is {name}; expected softmax, sigmoid or none."),
    };
}
