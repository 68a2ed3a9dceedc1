namespace Fovea.Models.Graphs;

/// <summary>
/// The energy of an image in the logits of a calibrated file: log softmax(logits) - energy, so that minus the logarithm of the sum of the
/// exponentials is the energy. Neither the order of the classes nor their softmax change.
/// </summary>
internal static class LogitEnergy
{
    /// <summary>The logits without the energy, [N, classes]; <c>null</c> if the value has none.</summary>
    public static Value? Before(Value value) =>
        value.Producer is { Op: "Add", Domain: "" } sum && sum[0].Producer is { Op: "LogSoftmax", Domain: "" } normalized
        && sum[0].Shape is { Rank: 2 } logits && logits[1] > 1 && sum[1].Shape is { Rank: 2 } energy && energy[1] == 1
            ? normalized[0]
            : null;

    /// <summary>Returns the network without the energy and what computes it; the network itself if it has none.</summary>
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
