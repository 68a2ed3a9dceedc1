using System.Text.Json.Serialization;

namespace Fovea.Models.Pretrained;

/// <summary>A network with trained weights, from which fine-tuning can start. The property names are the JSON format.</summary>
/// <param name="Name">The base's name on the command line and in jobs.</param>
/// <param name="Source">The publisher and name of the weights.</param>
/// <param name="Licence">The licence of the weights.</param>
/// <param name="Parameters">The number of trainable parameters.</param>
/// <param name="Bytes">
/// The size of the base's files in bytes. Before the download, an estimate: 4 bytes for each parameter.
/// </param>
/// <param name="Accuracy">
/// The share of ImageNet's validation images that the network classifies correctly, 0 to 1, as its publisher states; <c>null</c> if the
/// publisher states none.
/// </param>
/// <param name="State">Whether the weights are built in, downloaded, or still to be downloaded.</param>
public sealed record PretrainedBase(
    string Name, string Source, string Licence, long Parameters, long Bytes, double? Accuracy, BaseState State);

/// <summary>Whether the weights of a pretrained base are on this machine.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BaseState>))]
public enum BaseState
{
    /// <summary>The weights are part of the program.</summary>
    [JsonStringEnumMemberName("built-in")]
    BuiltIn,

    /// <summary>The weights have been downloaded.</summary>
    [JsonStringEnumMemberName("downloaded")]
    Downloaded,

    /// <summary>The first use downloads the weights.</summary>
    [JsonStringEnumMemberName("to download")]
    ToDownload,
}
