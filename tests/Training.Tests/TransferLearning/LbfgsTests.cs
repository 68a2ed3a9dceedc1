using Fovea.Training.TransferLearning;

namespace Fovea.Training.Tests.TransferLearning;

public sealed class LbfgsTests
{
    [Fact]
    public void Minimum_of_a_long_valley_is_found()
    {
        // f(x) = 1 + sum c_i (x_i - i)^2 with c from 1 to 10,000.
        float[] steepness = [1, 10, 100, 1000, 10_000];
        var found = Lbfgs.Minimize(
            (x, gradient) =>
            {
                double value = 1;
                for (int i = 0; i < x.Length; i++)
                {
                    value += steepness[i] * (x[i] - i) * (x[i] - i);
                    gradient[i] = 2 * steepness[i] * (x[i] - i);
                }

                return value;
            },
            new float[steepness.Length], 1e-9, 200, TestContext.Current.CancellationToken);
        Assert.All(found.Index(), x => Assert.Equal(x.Index, x.Item, 0.01f));
    }

    [Fact]
    public void Search_stops_when_it_is_cancelled()
    {
        using var stopping = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Lbfgs.Minimize(
            (x, gradient) =>
            {
                stopping.Cancel();
                gradient[0] = 2 * (x[0] - 1);
                return 1 + ((x[0] - 1) * (x[0] - 1));
            },
            [0], 1e-9, 200, stopping.Token));
    }
}
