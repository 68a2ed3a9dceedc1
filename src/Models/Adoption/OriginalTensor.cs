using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>The input or the output of a file before it was adopted.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Dimensions">Its shape, with -1 for a free batch.</param>
/// <param name="ChannelsLast">Whether it holds images as [N, H, W, C].</param>
public sealed record OriginalTensor(
    string Name,
    [property: JsonConverter(typeof(JsonStringEnumConverter<ElementType>))] ElementType Type,
    ImmutableArray<int> Dimensions,
    bool ChannelsLast = false);
