using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Training.Optimizers;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Steps;

/// <summary>
/// Runs an optimizer's rule as an ONNX graph, in place over all parameters. It works in blocks: a block fits into the cache, and bounds the
/// memory that the runtime needs for intermediate results, independent of the network's size.
/// </summary>
internal sealed class Update : IDisposable
{
    private const int BlockLength = 1 << 20;

    private readonly Optimizer optimizer;
    private readonly IReadOnlyList<ParameterGroup> groups;
    private readonly InferenceSession session;
    private readonly int rateCount;
    private readonly FloatBuffer rates;
    private readonly List<OrtIoBinding> blocks = [];
    private readonly RunOptions options = new();

    /// <summary>Prepares the update of all parameter groups.</summary>
    /// <param name="optimizer">The rule.</param>
    /// <param name="groups">The ranges of the buffers to update, each with its learning rate's factor.</param>
    /// <param name="parameters">The parameters, which <see cref="Run"/> updates.</param>
    /// <param name="gradients">The gradients, in the order of the parameters.</param>
    /// <param name="states">The optimizer's state, <see cref="Optimizer.States"/> buffers in the order of the parameters.</param>
    public Update(
        Optimizer optimizer,
        IReadOnlyList<ParameterGroup> groups,
        FloatBuffer parameters,
        FloatBuffer gradients,
        IReadOnlyList<FloatBuffer> states)
    {
        (this.optimizer, this.groups) = (optimizer, groups);
        rateCount = optimizer.Rates(1, 0).Length;
        rates = new FloatBuffer(groups.Count * rateCount);

        var g = new Graph(optimizer.Name);
        Value Vector(string name) => g.Input(name, ElementType.Float, new Shape(Shape.Free));
        Value parameter = Vector("parameter"), gradient = Vector("gradient");
        Value[] state = [.. states.Select((_, i) => Vector($"state_{i}"))];
        Value[] rate = [.. Enumerable.Range(0, rateCount).Select(i => g.Input($"rate_{i}", ElementType.Float, Shape.Scalar))];
        var next = optimizer.Emit(g, parameter, gradient, state, rate);
        g.Output(next.Parameter);
        foreach (var value in next.State)
        {
            g.Output(value);
        }

        session = Sessions.Open(g);
        foreach (var (number, group) in groups.Index())
        {
            for (int start = 0; start < group.Length; start += BlockLength)
            {
                var shape = new Shape(Math.Min(BlockLength, group.Length - start));
                var binding = session.CreateIoBinding();
                binding.BindInput(gradient.Name, gradients.View(group.Offset + start, shape));
                foreach (var (from, to, buffer) in state.Zip(next.State, states).Append((parameter, next.Parameter, parameters)))
                {
                    var view = buffer.View(group.Offset + start, shape);
                    binding.BindInput(from.Name, view);
                    binding.BindOutput(to.Name, view);
                }

                for (int i = 0; i < rateCount; i++)
                {
                    // Every rate is an input of the graph, even a rate that the rule does not use, such as AdamW's decay factor without
                    // weight decay.
                    binding.BindInput(rate[i].Name, rates.View(number * rateCount + i, Shape.Scalar));
                }

                blocks.Add(binding);
            }
        }
    }

    /// <summary>Updates the parameters and the optimizer's state.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="learningRate">The learning rate; each group multiplies it by its factor.</param>
    public void Run(long step, double learningRate)
    {
        foreach (var (number, group) in groups.Index())
        {
            optimizer.Rates(step, learningRate * group.RateFactor).CopyTo(rates.Floats[(number * rateCount)..]);
        }

        foreach (var block in blocks)
        {
            session.RunWithBinding(options, block);
        }
    }

    public void Dispose()
    {
        blocks.ForEach(block => block.Dispose());
        session.Dispose();
        options.Dispose();
        ((IDisposable)rates).Dispose();
    }
}
