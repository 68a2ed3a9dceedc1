using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Explanations;

/// <summary>
/// A session on a network with the score of a class and a value computed from the score's gradient. Several threads may run it at the same
/// time.
/// </summary>
internal sealed class ScoredRuns : IDisposable
{
    private readonly InferenceSession session;
    private readonly string[] inputs, outputs;
    private readonly long[] shape;

    /// <summary>Opens the session.</summary>
    /// <param name="network">The network with the score.</param>
    /// <param name="result">The value of the graph that a run returns together with the network's outputs.</param>
    /// <param name="device">The device of the session.</param>
    /// <param name="spread">Whether a run uses all cores; if false, it stays on the calling thread.</param>
    public ScoredRuns(ClassEvidence network, Value result, Device device, bool spread)
    {
        var graph = network.Graph;
        graph.Outputs.Clear();
        graph.Output(network.Logits);
        graph.Output(result);
        graph.Prune();
        (inputs, outputs) = ([network.Images.Name, network.Class.Name], [network.Logits.Name, result.Name]);
        shape = network.Images.Shape.ToInt64();
        session = Sessions.Open(graph, options => Configure(options, device), onOneThread: !spread);
    }

    /// <summary>Runs a batch.</summary>
    /// <param name="images">The whole batch, [N, C, H, W].</param>
    /// <param name="target">The index of the class; -1 for the likeliest class of each image.</param>
    /// <returns>The network's outputs, [N, classes], and the result.</returns>
    public (float[] Logits, float[] Result) Run(float[] images, int target)
    {
        using var options = new RunOptions();
        using var batch = OrtValue.CreateTensorValueFromMemory(images, shape);
        using var index = OrtValue.CreateTensorValueFromMemory(new long[] { target }, [1]);
        using var values = session.Run(options, inputs, [batch, index], outputs);
        return (values[0].GetTensorDataAsSpan<float>().ToArray(), values[1].GetTensorDataAsSpan<float>().ToArray());
    }

    public void Dispose() => session.Dispose();

    // On the CPU, ONNX Runtime would keep a reordered copy of the weights of each matrix product, and another one for its gradient. A run
    // of few images gains little from them.
    private static void Configure(SessionOptions options, Device device)
    {
        device.AppendTo(options);
        if (!device.IsCuda)
        {
            options.AddSessionConfigEntry("session.disable_prepacking", "1");
        }
    }
}
