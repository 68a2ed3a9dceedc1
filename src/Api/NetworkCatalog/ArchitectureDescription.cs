using Fovea.Models.Architectures;
using Fovea.Models.Summary;

namespace Fovea.Api.NetworkCatalog;

/// <summary>A network of the catalog, whether or not the model repository has a model of it.</summary>
/// <param name="Name">The name in routes and on the command line.</param>
/// <param name="Source">The paper that describes the network.</param>
/// <param name="Input">The input size in the paper: channels, height, width.</param>
/// <param name="Classes">The number of classes in the paper.</param>
/// <param name="Parameters">The number of weights, including running statistics, of the network without auxiliary heads.</param>
/// <param name="MultiplyAdds">The number of multiply-add operations for one image; null if it cannot be counted.</param>
/// <param name="HasAuxiliary">Whether the network has auxiliary heads, which are used only in training.</param>
internal sealed record ArchitectureDescription(
    string Name, string Source, IReadOnlyList<int> Input, int Classes, long Parameters, long? MultiplyAdds, bool HasAuxiliary)
{
    /// <summary>Describes an architecture.</summary>
    public static ArchitectureDescription Of(Architecture architecture)
    {
        var summary = NetworkSummary.Of(architecture.Build());
        return new(
            architecture.Name,
            architecture.Source,
            architecture.Input.Dimensions,
            architecture.Classes,
            summary.TotalParameters,
            summary.MultiplyAdds,
            architecture.HasAuxiliary);
    }
}
