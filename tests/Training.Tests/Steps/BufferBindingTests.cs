using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Training.Optimizers;
using Fovea.Training.Steps;

namespace Fovea.Training.Tests.Steps;

/// <summary>A run starts only after the copies of its inputs to the device are complete.</summary>
public class BufferBindingTests
{
    public static TheoryData<string> Names => Devices.Names;

    [Theory, MemberData(nameof(Names))]
    public void Binding_refuses_a_run_until_the_copies_are_waited_for(string name)
    {
        using var memory = new DeviceMemory(Devices.Find(name));
        using var values = FloatBuffer.Staging(1, memory);
        using var session = Sessions.Open(Copy(), memory.Device);
        using var binding = new BufferBinding(session.CreateIoBinding(), memory);
        binding.Input("from", values.View(0, new Shape(1)));
        AssertPending(binding, memory);
        binding.Wait();
        Assert.NotNull(binding.Inner);
        binding.Bind("from", values.View(0, new Shape(1)));
        AssertPending(binding, memory);
        binding.Refresh();
        Assert.NotNull(binding.Inner);
    }

    [Theory, MemberData(nameof(Names))]
    public void Staging_waits_for_all_copies_so_the_batch_may_be_filled_again(string name)
    {
        var graph = new Graph("linear");
        var image = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 3));
        graph.Output(graph.Add("MatMul", [image, graph.Initializer("weights", Tensor.Of(new Shape(3, 2), [1, 2, 3, 4, 5, 6]))]).Output);
        using var step = new TrainingStep(graph, 4, Optimizer.Create("sgd"), microBatch: 2, device: Devices.Find(name));
        var batch = step.NewBatch(seed: 0);
        Assert.All(batch.Bindings, binding => AssertPending(binding, step.Memory));
        batch.Stage(1);
        Assert.Equal(2, batch.Bindings.Count(binding => binding.Inner is not null));
    }

    private static void AssertPending(BufferBinding binding, DeviceMemory memory)
    {
        if (!memory.IsMain)
        {
            var error = Assert.Throws<InvalidOperationException>(() => binding.Inner);
            Assert.Contains("expected a call of Wait before the run", error.Message, StringComparison.Ordinal);
        }
    }

    private static Graph Copy()
    {
        var graph = new Graph("copy");
        graph.Output(graph.Add("Identity", [graph.Input("from", ElementType.Float, new Shape(1))], outputs: "to").Output);
        return graph;
    }
}
