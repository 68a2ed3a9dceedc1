using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Converts the graph to the operator set of Fovea's files, so that the later passes handle one set only. ONNX Runtime runs set 7 and later
/// ones, so only the conversion of an older set counts as a change to the file.
/// </summary>
internal static class OperatorSet
{
    // The oldest operator set that ONNX Runtime guarantees to run.
    private const int OldestServed = 7;

    public static void Run(AdoptionDraft draft)
    {
        long set = draft.Graph.OperatorSets.TryGetValue("", out long version) ? version : 0;
        try
        {
            draft.Graph = OpsetConversion.Convert(draft.Graph);
        }
        catch (FoveaException e) when (set >= OldestServed)
        {
            draft.Assume($"The operator set stays {set}, because it cannot be converted: {e.Message.TrimEnd('.')}.");
            return;
        }

        if (set < OldestServed)
        {
            draft.Changed($"The operator set is {Graph.Opset} instead of {set}.");
        }
    }
}
