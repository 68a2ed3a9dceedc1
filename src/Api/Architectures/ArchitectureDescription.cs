using Fovea.Models;

namespace Fovea.Api;

/// <summary>A network of the catalog, which may have no file yet.</summary>
/// <param name="Name">What it is called in routes and on the command line.</param>
/// <param name="Source">The paper.</param>
/// <param name="Input">The paper's input: channels, height, width.</param>
/// <param name="Classes">The paper's number of classes.</param>
/// <param name="Parameters">Numbers in its weights, running statistics included, as it is served.</param>
/// <param name="MultiplyAdds">Multiplications, each with its addition, for one image.</param>
/// <param name="HasAuxiliary">Whether there are heads that only serve training.</param>
internal sealed record ArchitectureDescription(string Name, string Source, IReadOnlyList<int> Input, int Classes, long Parameters, long? MultiplyAdds, bool HasAuxiliary)
{
    /// <summary>Describes an architecture.</summary>
    public static ArchitectureDescription Of(Architecture architecture)
    {
        var summary = NetworkSummary.Of(architecture.Build());
        return new(architecture.Name, architecture.Source, architecture.Input.Dimensions, architecture.Classes, summary.TotalParameters, summary.MultiplyAdds, architecture.HasAuxiliary);
    }
}
