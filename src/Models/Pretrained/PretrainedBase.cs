using System.Text.Json.Serialization;

namespace Fovea.Models.Pretrained;

/// <summary>A network with trained weights, from which fine-tuning can start. The property names are the JSON format.</summary>
/// <param name="Name">The name on the command line and in jobs.</param>
/// <param name="Source">Where the weights come from.</param>
/// <param name="Licence">The licence under which they are published.</param>
/// <param name="Parameters">The number of trainable parameters.</param>
/// <param name="Bytes">
/// The size of its files in bytes; of a network that is still to be downloaded, 4 for each parameter.
/// </param>
/// <param name="Accuracy">
/// The share of ImageNet's validation images that the published network classifies correctly, 0 to 1; null if it is not published.
/// </param>
/// <param name="State">Where it is now.</param>
public sealed record PretrainedBase(
    string Name, string Source, string Licence, long Parameters, long Bytes, double? Accuracy, BaseState State);

/// <summary>Where a pretrained base is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BaseState>))]
public enum BaseState
{
    /// <summary>It is part of the program.</summary>
    [JsonStringEnumMemberName("built-in")]
    BuiltIn,

    /// <summary>It has been downloaded.</summary>
    [JsonStringEnumMemberName("downloaded")]
    Downloaded,

    /// <summary>It is downloaded when it is first used.</summary>
    [JsonStringEnumMemberName("to download")]
    ToDownload,
}
