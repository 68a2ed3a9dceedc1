using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Steps;

/// <summary>
/// Inference with a network that is being trained, for validation. The session reads parameters and running statistics directly from the
/// training buffer, on the device that has it, so each run uses their current values.
/// </summary>
internal sealed class ForwardPass : IDisposable
{
    private readonly InferenceSession session;
    private readonly RunOptions options = new();
    private readonly Shape image;
    private readonly int classes;
    private readonly string imagesName, logitsName;
    private readonly BufferBinding binding;

    /// <summary>Prepares a network.</summary>
    /// <param name="network">The network; only its first output is computed.</param>
    /// <param name="layout">
    /// The positions of the parameters and statistics in <paramref name="weights"/>. All other weights are constants.
    /// </param>
    /// <param name="weights">The buffer that training writes.</param>
    /// <param name="memory">The memory of <paramref name="weights"/>; its device runs the network. null is main memory.</param>
    /// <exception cref="FoveaException">ONNX Runtime cannot load the network.</exception>
    public ForwardPass(Graph network, ParameterLayout layout, FloatBuffer weights, DeviceMemory? memory = null)
    {
        var graph = new Graph($"{network.Name}_forward");
        var input = graph.Input(network.Inputs[0].Name, ElementType.Float, network.Inputs[0].Shape);
        var values = new Dictionary<Value, Value> { [network.Inputs[0]] = input };
        foreach (var weight in layout.Offsets.Keys)
        {
            values.Add(weight, graph.Input(weight.Name, ElementType.Float, weight.Shape));
        }

        network.CopyTo(graph, values);
        graph.Output(values[network.Outputs[0]]);
        graph.Prune();
        memory ??= DeviceMemory.Main;
        session = Sessions.Open(graph, memory.Device);
        image = new Shape([.. input.Shape.Dimensions[1..]]);
        classes = graph.Outputs[0].Shape[1];
        (imagesName, logitsName) = (input.Name, graph.Outputs[0].Name);
        binding = new BufferBinding(session.CreateIoBinding(), memory);
        var used = graph.Inputs.Select(i => i.Name).ToHashSet();
        foreach (var (weight, offset) in layout.Offsets.Where(weight => used.Contains(weight.Key.Name)))
        {
            binding.Input(weight.Name, weights.View(offset, weight.Shape));
        }
    }

    /// <summary>The bindings of the weights.</summary>
    public BufferBinding Binding => binding;

    /// <summary>Runs the network with the current weights.</summary>
    /// <param name="images">The input, [<paramref name="count"/>, C, H, W].</param>
    /// <param name="count">The number of images, at least 1.</param>
    /// <param name="logits">Receives the output, [<paramref name="count"/>, classes].</param>
    public void Run(Memory<float> images, int count, Memory<float> logits)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images, [count, .. image.ToInt64()]);
        using var output = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, logits, [count, classes]);
        binding.Refresh();
        binding.Bind(imagesName, input);
        binding.Wait();
        binding.Inner.BindOutput(logitsName, output);
        session.RunWithBinding(options, binding.Inner);
        binding.Inner.ClearBoundOutputs();
    }

    public void Dispose()
    {
        binding.Dispose();
        session.Dispose();
        options.Dispose();
    }
}
