using Fovea.Models;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training;

/// <summary>A network that is being trained, run without training: it reads the parameters where the training step keeps them.</summary>
internal sealed class ForwardPass : IDisposable
{
    private readonly InferenceSession session;
    private readonly RunOptions options = new();
    private readonly Shape image;
    private readonly int classes;
    private readonly string[] inputs, outputs;
    private readonly OrtValue[] parameters;

    public ForwardPass(Graph network, TrainingStep step)
    {
        var graph = new Graph($"{network.Name}_forward");
        var input = graph.Input(network.Inputs[0].Name, ElementType.Float, network.Inputs[0].Shape);
        var values = new Dictionary<Value, Value> { [network.Inputs[0]] = input };
        foreach (var parameter in step.Layout.Offsets.Keys)
        {
            values.Add(parameter, graph.Input(parameter.Name, ElementType.Float, parameter.Shape));
        }

        network.CopyTo(graph, values);
        graph.Output(values[network.Outputs[0]]);
        session = Sessions.Open(graph);
        image = new Shape([.. input.Shape.Dimensions[1..]]);
        classes = graph.Outputs[0].Shape[1];
        inputs = [.. graph.Inputs.Select(i => i.Name)];
        outputs = [graph.Outputs[0].Name];
        parameters = [.. step.Layout.Offsets.Select(p => step.Parameters.View(p.Value, p.Key.Shape))];
    }

    /// <summary>Runs the network with the parameters of the moment.</summary>
    public void Run(Memory<float> images, int count, Memory<float> logits)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images, [count, .. image.ToInt64()]);
        using var output = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, logits, [count, classes]);
        session.Run(options, inputs, [input, .. parameters], outputs, [output]);
    }

    public void Dispose()
    {
        session.Dispose();
        options.Dispose();
    }
}
