using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Training.Optimizers;
using Fovea.Training.Steps;

namespace Fovea.Training.Tests.Optimizers;

public class OptimizerTests
{
    // Enough parameters for several blocks; the last block is shorter.
    private const int Length = 2_500_003;

    private static readonly float[] Start = [0.5f, -1.25f, 2];

    // Three parameters after five steps, computed by PyTorch 1.13:
    //
    //     p = torch.tensor([0.5, -1.25, 2.0], requires_grad=True)
    //     o = torch.optim.SGD([p], 0.1, momentum=0.9)        # Adam, AdamW; momentum, nesterov, weight_decay as below
    //     for step in range(1, 6):
    //         o.param_groups[0]["lr"] = 0.1 / step
    //         p.grad = torch.tensor([0.3, -0.7, 0.05]) * step - 0.4
    //         o.step()
    public static TheoryData<string, double?, bool, double?, float[]> ByPyTorch => new()
    {
        { "sgd", null, false, null, [0.40495199f, -0.423940986f, 2.13522863f] },
        { "sgd", 0, false, 0.01, [0.440199167f, -0.806079865f, 2.06170917f] },
        { "sgd", 0.8, true, 0.05, [0.355405539f, -0.172015131f, 2.10740924f] },
        { "adam", null, false, null, [0.521178603f, -1.02399027f, 2.22466302f] },
        { "adam", null, false, 0.05, [0.512236655f, -1.02372396f, 2.22027421f] },
        { "adamw", null, false, null, [0.519938469f, -1.02132487f, 2.21991372f] },
        { "adamw", null, false, 0.2, [0.496749192f, -0.971538424f, 2.13111258f] },
    };

    [Theory, MemberData(nameof(ByPyTorch))]
    public void Five_steps_end_where_pytorch_ends(string name, double? momentum, bool nesterov, double? weightDecay, float[] expected)
    {
        float[] parameters = [.. Start, .. new float[Length - 6], .. Start];
        Run(Optimizer.Create(name, momentum, nesterov, weightDecay), [new(0, Length, RateFactor: 1)], parameters);
        foreach (var (computed, right) in parameters[..3].Concat(parameters[^3..]).Zip([.. expected, .. expected]))
        {
            Assert.Equal(right, computed, Math.Abs(right) * 1e-6);
        }
    }

    [Fact]
    public void The_factor_of_a_group_scales_its_learning_rate()
    {
        float[] grouped = [.. Start, .. Start], slow = [.. Start], full = [.. Start];
        var sgd = Optimizer.Create("sgd");
        Run(sgd, [new(0, 3, RateFactor: 1), new(3, 3, RateFactor: 0.1)], grouped);
        Run(sgd, [new(0, 3, RateFactor: 1)], full);
        Run(sgd, [new(0, 3, RateFactor: 0.1)], slow);
        Assert.Equal([.. full, .. slow], grouped);
        Assert.NotEqual(full, slow);
    }

    [Theory]
    [InlineData("sgd", null, false, null, "sgd, momentum 0.9, weight decay 0")]
    [InlineData("sgd", 0.8, true, 0.0001, "sgd, Nesterov's momentum 0.8, weight decay 0.0001")]
    [InlineData("adamw", null, false, null, "adamw, weight decay 0.01")]
    public void An_optimizer_is_printed_with_its_name_and_settings(
        string name, double? momentum, bool nesterov, double? weightDecay, string expected) =>
        Assert.Equal(expected, Optimizer.Create(name, momentum, nesterov, weightDecay).ToString());

    [Theory]
    [InlineData("adam", 0.9, false, null, "The optimizer is adam, which has no momentum")]
    [InlineData("adamw", null, true, null, "The optimizer is adamw, which has no momentum")]
    [InlineData("sgd", 1.0, false, null, "The momentum is 1;")]
    [InlineData("sgd", 0.0, true, null, "The momentum is 0; expected more than 0")]
    [InlineData("sgd", null, false, -0.1, "The weight decay is -0.1;")]
    [InlineData("lion", null, false, null, "The optimizer is lion; expected")]
    public void A_setting_that_an_optimizer_cannot_take_is_an_error(
        string name, double? momentum, bool nesterov, double? weightDecay, string sentence) =>
        Assert.Contains(
            sentence,
            Assert.Throws<FoveaException>(() => Optimizer.Create(name, momentum, nesterov, weightDecay)).Message,
            StringComparison.Ordinal);

    // Parameters and gradients repeat every three.
    private static void Run(Optimizer optimizer, ParameterGroup[] groups, float[] parameters)
    {
        using FloatBuffer buffer = new(parameters.Length), gradients = new(parameters.Length);
        FloatBuffer[] states = [.. Enumerable.Range(0, optimizer.States).Select(_ => new FloatBuffer(parameters.Length))];
        parameters.CopyTo(buffer.Floats);
        using (var update = new Update(optimizer, groups, buffer, gradients, states))
        {
            for (int step = 1; step <= 5; step++)
            {
                float[] gradient = [0.3f * step - 0.4f, -0.7f * step - 0.4f, 0.05f * step - 0.4f];
                gradient.CopyTo(gradients.Floats);
                gradient.CopyTo(gradients.Floats[^3..]);
                update.Run(step, 0.1 / step);
            }
        }

        buffer.Floats.CopyTo(parameters);
        Array.ForEach(states, state => ((IDisposable)state).Dispose());
    }
}
