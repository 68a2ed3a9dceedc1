using Fovea.Api.Configuration;
using Fovea.Api.Requests;

namespace Fovea.Api.Tests.Requests;

public sealed class BodyBudgetTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void Each_of_n_callers_gets_one_part_of_n_plus_one_and_as_much_stays_free()
    {
        foreach (int callers in (int[])[1, 2, 3, 9, 99])
        {
            var budget = new BodyBudget(new HostSettings { MaxBufferedBytes = 1000 * MiB });
            var shares = Enumerable.Range(0, callers)
                .SelectMany(caller => new[] { budget.Open($"{caller}"), budget.Open($"{caller}") }).ToArray();
            for (bool grew = true; grew;)
            {
                grew = false;
                foreach (var share in shares)
                {
                    grew |= share.TryTake(MiB);
                }
            }

            Assert.InRange(budget.Held / MiB, (1000L * callers / (callers + 1)) - callers, (1000L * callers / (callers + 1)) + callers);
            using var newcomer = budget.Open("newcomer");
            Assert.True(newcomer.TryTake(400 * MiB / (callers + 1)));
            Array.ForEach(shares, share => share.Dispose());
        }
    }

    [Fact]
    public void Single_body_of_any_size_is_accepted_and_returns_its_memory()
    {
        var budget = new BodyBudget(new HostSettings { MaxBufferedBytes = MiB });
        using (var share = budget.Open("a"))
        {
            Assert.True(share.TryTake(MiB));
            Assert.True(share.TryTake(10 * MiB));
            using var other = budget.Open("b");
            Assert.False(other.TryTake(1));
        }

        Assert.Equal(0, budget.Held);
    }
}
