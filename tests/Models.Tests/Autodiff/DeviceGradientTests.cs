using Fovea.Models.Runtime;
using Fovea.Models.Tests.Runtime;

namespace Fovea.Models.Tests.Autodiff;

/// <summary>Every gradient rule in the forms for CUDA, on the device under test, against the forms for CPUs on the CPU.</summary>
public class DeviceGradientTests
{
    public static TheoryData<string> CaseNames => new(GradientRulesTests.Cases.Keys);

    [Theory, MemberData(nameof(CaseNames))]
    public void Gradients_on_the_device_are_those_of_the_CPU(string name)
    {
        var check = GradientRulesTests.Cases[name];
        var expected = NumericGradient.Gradients(check, cuda: false, Device.Cpu);
        var found = NumericGradient.Gradients(check, cuda: true, TestDevice.Chosen);
        double largest = expected.Max(gradient => gradient.Max(Math.Abs));
        foreach (var (one, other) in expected.Zip(found))
        {
            Assert.InRange(one.Zip(other, (a, b) => Math.Abs(a - b)).Max() / largest, 0, 1e-4);
        }
    }
}
