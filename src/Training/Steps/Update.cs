using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Training.Optimizers;

namespace Fovea.Training.Steps;

/// <summary>
/// Runs an optimizer's rule in place over all parameters, on the device that has them: on a device with its own memory as an ONNX graph, in
/// main memory by the processor's vectors.
/// </summary>
internal sealed class Update : IDisposable
{
    private readonly Optimizer optimizer;
    private readonly IReadOnlyList<ParameterGroup> groups;
    private readonly FloatBuffer parameters, gradients;
    private readonly IReadOnlyList<FloatBuffer> states;
    private readonly InPlaceGraph? graph;
    private readonly int rateCount;
    private readonly FloatBuffer rates;

    /// <summary>Prepares the update of all parameter groups.</summary>
    /// <param name="optimizer">The rule.</param>
    /// <param name="groups">The ranges of the buffers to update, each with its learning rate's factor.</param>
    /// <param name="parameters">The parameters, which <see cref="Run"/> updates.</param>
    /// <param name="gradients">The gradients, in the order of the parameters.</param>
    /// <param name="states">The optimizer's state, <see cref="Optimizer.States"/> buffers in the order of the parameters.</param>
    /// <param name="memory">The memory of the buffers; its device runs the rule. null is main memory.</param>
    /// <param name="scale">One float, by which each gradient is multiplied first; null is 1, as always in main memory.</param>
    public Update(
        Optimizer optimizer,
        IReadOnlyList<ParameterGroup> groups,
        FloatBuffer parameters,
        FloatBuffer gradients,
        IReadOnlyList<FloatBuffer> states,
        DeviceMemory? memory = null,
        FloatBuffer? scale = null)
    {
        (this.optimizer, this.groups) = (optimizer, groups);
        (this.parameters, this.gradients, this.states) = (parameters, gradients, states);
        rateCount = optimizer.Rates(1, 0).Length;
        rates = new FloatBuffer(groups.Count * rateCount);
        if (memory is { IsMain: false })
        {
            graph = AsGraph(memory, scale);
        }
    }

    /// <summary>The bindings of the blocks; none in main memory.</summary>
    public IReadOnlyList<BufferBinding> Blocks => graph?.Blocks ?? [];

    /// <summary>Updates the parameters and the optimizer's state.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="learningRate">The learning rate; each group multiplies it by its factor.</param>
    public void Run(long step, double learningRate)
    {
        foreach (var (number, group) in groups.Index())
        {
            float[] current = optimizer.Rates(step, learningRate * group.RateFactor);
            current.CopyTo(rates.Floats[(number * rateCount)..]);
            if (graph is null)
            {
                VectorUpdate.Run(optimizer, current, group.Offset, group.Length, parameters, gradients, states);
            }
        }

        graph?.Run();
    }

    public void Dispose()
    {
        graph?.Dispose();
        ((IDisposable)rates).Dispose();
    }

    private InPlaceGraph AsGraph(DeviceMemory memory, FloatBuffer? scale)
    {
        var g = new Graph(optimizer.Name);
        Value Vector(string name) => g.Input(name, ElementType.Float, new Shape(Shape.Free));
        Value Number(string name) => g.Input(name, ElementType.Float, Shape.Scalar);
        Value parameter = Vector("parameter"), gradient = Vector("gradient");
        Value[] state = [.. states.Select((_, i) => Vector($"state_{i}"))];
        Value[] rate = [.. Enumerable.Range(0, rateCount).Select(i => Number($"rate_{i}"))];
        var factor = scale is null ? null : Number("scale");
        var next = optimizer.Emit(g, parameter, factor is null ? gradient : gradient * factor, state, rate);
        g.Output(next.Parameter);
        foreach (var value in next.State)
        {
            g.Output(value);
        }

        var graph = new InPlaceGraph(g, memory);
        foreach (var (number, group) in groups.Index())
        {
            foreach (var (offset, length) in graph.Divide(group.Offset, group.Length))
            {
                var shape = new Shape(length);
                var block = graph.NewBlock();
                block.Input(gradient.Name, gradients.View(offset, shape));
                foreach (var (from, to, buffer) in state.Zip(next.State, states).Append((parameter, next.Parameter, parameters)))
                {
                    var view = buffer.View(offset, shape);
                    block.Input(from.Name, view);
                    block.Output(to.Name, view);
                }

                if (factor is not null)
                {
                    block.Input(factor.Name, scale!.View(0, Shape.Scalar));
                }

                for (int i = 0; i < rateCount; i++)
                {
                    // Every rate is an input of the graph, even a rate that the rule does not use, such as AdamW's decay factor without
                    // weight decay.
                    block.Input(rate[i].Name, rates.View(number * rateCount + i, Shape.Scalar));
                }
            }
        }

        return graph;
    }
}
