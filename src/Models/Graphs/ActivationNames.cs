using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

/// <summary>The names of activations in model files and in model.json.</summary>
internal static class ActivationNames
{
    /// <summary>The activation's name: softmax, sigmoid or none.</summary>
    public static string Name(this Activation activation) => activation.ToString().ToLowerInvariant();

    /// <summary>Returns the activation with a name.</summary>
    /// <exception cref="FoveaException">The name is not softmax, sigmoid or none.</exception>
    public static Activation Parse(string name) => name switch
    {
        "softmax" => Activation.Softmax,
        "sigmoid" => Activation.Sigmoid,
        "none" => Activation.None,
        _ => throw new FoveaException(ErrorCode.BadModelFile, $"activation is {name}; expected softmax, sigmoid or none."),
    };
}
