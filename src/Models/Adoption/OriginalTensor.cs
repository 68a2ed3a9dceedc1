using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>The input or the output of a file before adoption.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Type">The type of the elements.</param>
/// <param name="Dimensions">The tensor's shape, with -1 for a free batch size.</param>
/// <param name="ChannelsLast">Whether the tensor holds images as [N, H, W, C].</param>
public sealed record OriginalTensor(
    string Name,
    [property: JsonConverter(typeof(JsonStringEnumConverter<ElementType>))] ElementType Type,
    ImmutableArray<int> Dimensions,
    bool ChannelsLast = false);
