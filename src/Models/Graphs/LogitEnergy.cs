namespace Fovea.Models.Graphs;

/// <summary>
/// Finds and removes the energy in the logits of a calibrated model file. Such a file outputs log softmax(logits) - energy instead of the
/// logits. -log(sum(e^output)) is then the energy of the image; the softmax of the outputs and the order of the classes stay the same.
/// </summary>
internal static class LogitEnergy
{
    /// <summary>The logits before the energy was added, [N, classes]; <c>null</c> if the value does not contain an energy.</summary>
    public static Value? Before(Value value) =>
        value.Producer is { Op: "Add", Domain: "" } sum && sum[0].Producer is { Op: "LogSoftmax", Domain: "" } normalized
        && sum[0].Shape is { Rank: 2 } logits && logits[1] > 1 && sum[1].Shape is { Rank: 2 } energy && energy[1] == 1
            ? normalized[0]
            : null;

    /// <summary>
    /// Returns the network without the energy and the nodes that compute it; returns the network itself if it has no energy.
    /// </summary>
    public static Graph Without(Graph network)
    {
        if (network.Outputs is not [var output, ..] || Before(output) is not { } logits)
        {
            return network;
        }

        var copy = network.EmptyCopy();
        var values = network.Inputs.ToDictionary(input => input, input => copy.Input(input.Name, input.Type, input.Shape));
        network.CopyTo(copy, values);
        copy.Output(values[logits]);
        copy.Prune();
        return copy;
    }
}
