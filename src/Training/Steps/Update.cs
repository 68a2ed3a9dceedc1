using Fovea.Models;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training;

/// <summary>
/// An optimizer's rule as an ONNX graph, run in place over all parameters: in pieces that fit a cache, which also keeps what the runtime needs
/// in between small, however large the network is.
/// </summary>
internal sealed class Update : IDisposable
{
    private const int Piece = 1 << 20;

    private readonly Optimizer optimizer;
    private readonly IReadOnlyList<ParameterGroup> groups;
    private readonly InferenceSession session;
    private readonly int rateCount;
    private readonly FloatBuffer rates;
    private readonly List<OrtIoBinding> pieces = [];
    private readonly RunOptions options = new();

    public Update(Optimizer optimizer, IReadOnlyList<ParameterGroup> groups, FloatBuffer parameters, FloatBuffer gradients, IReadOnlyList<FloatBuffer> states)
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
            for (int done = 0; done < group.Length; done += Piece)
            {
                var shape = new Shape(Math.Min(Piece, group.Length - done));
                var binding = session.CreateIoBinding();
                binding.BindInput(gradient.Name, gradients.View(group.Offset + done, shape));
                foreach (var (from, to, buffer) in state.Zip(next.State, states).Append((parameter, next.Parameter, parameters)))
                {
                    var view = buffer.View(group.Offset + done, shape);
                    binding.BindInput(from.Name, view);
                    binding.BindOutput(to.Name, view);
                }

                for (int i = 0; i < rateCount; i++)
                {
                    // A rate that the rule does not use (no weight decay) is still an input of the graph.
                    binding.BindInput(rate[i].Name, rates.View(number * rateCount + i, Shape.Scalar));
                }

                pieces.Add(binding);
            }
        }
    }

    /// <summary>Moves the parameters; steps are counted from 1.</summary>
    public void Run(long step, double learningRate)
    {
        foreach (var (number, group) in groups.Index())
        {
            optimizer.Rates(step, learningRate * group.RateFactor).CopyTo(rates.Floats[(number * rateCount)..]);
        }

        foreach (var piece in pieces)
        {
            session.RunWithBinding(options, piece);
        }
    }

    public void Dispose()
    {
        pieces.ForEach(piece => piece.Dispose());
        session.Dispose();
        options.Dispose();
        ((IDisposable)rates).Dispose();
    }
}
