using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Kernels;

/// <summary>
/// Registers Fovea's own operators with ONNX Runtime. Only rewritten graphs contain them, and a rewritten graph is never written to a file.
/// </summary>
internal static unsafe class CustomOperators
{
    /// <summary>The domain of the operators.</summary>
    public const string Domain = "fovea.kernels";

    /// <summary>The name of the operator that <see cref="WinogradKernel"/> computes.</summary>
    public const string Winograd = "WinogradConv";

    /// <summary>The operator of <see cref="WinogradWeightGradient"/>.</summary>
    public const string WeightGradient = "WinogradWeightGradient";

    /// <summary>The operator of <see cref="MaxPoolGradient"/>.</summary>
    public const string PoolGradient = "MaxPoolGradient";

    /// <summary>The operator of <see cref="ReluGradient"/>.</summary>
    public const string ActivationGradient = "ReluGradient";

    /// <summary>The operator of <see cref="NormalizationKernel"/>.</summary>
    public const string Normalization = "BatchNormalization";

    /// <summary>The operator of <see cref="Kernels.NormalizationGradient"/>.</summary>
    public const string NormalizationGradient = "BatchNormalizationGradient";

    /// <summary>The operator of <see cref="PhaseInterleaving"/>.</summary>
    public const string Interleaving = "InterleavePhases";

    // Values of ONNX Runtime's enumerations: float tensors, inputs that are required and optional.
    private const int Float = 1, Required = 0, Optional = 1;

    // The operators: the number of inputs, and how many of them are required. The rest, at the end, may be left out.
    private static readonly Row[] Rows =
    [
        new(Winograd, 4, 3, info => new WinogradKernel(WinogradShape.Of(info), RuntimeApi.ConstantInput(info, 1))),
        new(WeightGradient, 2, 2, info => new WinogradWeightGradient(WinogradShape.Of(info))),
        new(PoolGradient, 2, 2, info => new MaxPoolGradient(PoolShape.Of(info))),
        new(Interleaving, 4, 1, info => new PhaseInterleaving(PhaseShape.Of(info))),
        new(ActivationGradient, 3, 2, _ => new ReluGradient()),
        new(Normalization, 4, 3, info => new NormalizationKernel(Channels(info), Plane(info), Epsilon(info), HasRelu(info)))
        {
            Outputs = 3,
        },
        new(NormalizationGradient, 6, 6, info => new NormalizationGradient(Channels(info), Plane(info), Epsilon(info), HasRelu(info)))
        {
            Outputs = 3,
        },
    ];

    private static readonly Lazy<nint> Registered = new(Register);

    /// <summary>Makes the operators available to a session that is opened with these options.</summary>
    public static void AddTo(SessionOptions options)
    {
        bool isHeld = false;
        try
        {
            options.DangerousAddRef(ref isHeld);
            RuntimeApi.AddDomain(options.DangerousGetHandle(), Registered.Value);
        }
        finally
        {
            if (isHeld)
            {
                options.DangerousRelease();
            }
        }
    }

    // Registers the operators once. Their descriptions, names and domain are never freed.
    private static nint Register()
    {
        nint domain = RuntimeApi.CreateDomain((byte*)Marshal.StringToCoTaskMemUTF8(Domain));
        foreach (var (number, row) in Rows.Index())
        {
            var description = (Description*)NativeMemory.AllocZeroed((nuint)sizeof(Description));
            *description = new()
            {
                Version = RuntimeApi.Version,
                GetName = &Name,
                GetExecutionProviderType = &Provider,
                GetInputType = &TypeOf,
                GetInputTypeCount = &InputCount,
                GetOutputType = &TypeOf,
                GetOutputTypeCount = &OutputCount,
                KernelDestroy = &Destroy,
                GetInputCharacteristic = &InputCharacteristic,
                GetOutputCharacteristic = &OutputCharacteristic,
                GetInputMemoryType = &MemoryType,
                CreateKernelV2 = &Create,
                KernelComputeV2 = &Compute,
                NameText = (byte*)Marshal.StringToCoTaskMemUTF8(row.Name),
                Row = number,
            };
            RuntimeApi.AddOperator(domain, description);
        }

        return domain;
    }

    [UnmanagedCallersOnly]
    private static byte* Name(void* self) => ((Description*)self)->NameText;

    // Returns null, which means that the operator runs on the CPU provider.
    [UnmanagedCallersOnly]
    private static byte* Provider(void* self) => null;

    [UnmanagedCallersOnly]
    private static int TypeOf(void* self, nuint index) => Float;

    [UnmanagedCallersOnly]
    private static nuint InputCount(void* self) => (nuint)RowOf(self).Inputs;

    [UnmanagedCallersOnly]
    private static nuint OutputCount(void* self) => (nuint)RowOf(self).Outputs;

    [UnmanagedCallersOnly]
    private static int InputCharacteristic(void* self, nuint index) => (int)index < RowOf(self).Required ? Required : Optional;

    [UnmanagedCallersOnly]
    private static int OutputCharacteristic(void* self, nuint index) => Required;

    // Returns 0, the number of the provider's default memory.
    [UnmanagedCallersOnly]
    private static int MemoryType(void* self, nuint index) => 0;

    [UnmanagedCallersOnly]
    private static nint Create(void* self, nint api, nint info, nint* kernel)
    {
        try
        {
            *kernel = GCHandle.ToIntPtr(GCHandle.Alloc(RowOf(self).Create(info)));
            return 0;
        }
        catch (Exception e)
        {
            return RuntimeApi.Error(e);
        }
    }

    [UnmanagedCallersOnly]
    private static nint Compute(nint kernel, nint context)
    {
        try
        {
            KernelOf(kernel).Compute(context);
            return 0;
        }
        catch (Exception e)
        {
            return RuntimeApi.Error(e);
        }
    }

    [UnmanagedCallersOnly]
    private static void Destroy(nint kernel)
    {
        KernelOf(kernel).Dispose();
        GCHandle.FromIntPtr(kernel).Free();
    }

    private static OperatorKernel KernelOf(nint kernel) => (OperatorKernel)GCHandle.FromIntPtr(kernel).Target!;

    private static Row RowOf(void* description) => Rows[((Description*)description)->Row];

    private static int Channels(nint info) => RuntimeApi.Attribute(info, "channels");

    private static int Plane(nint info) => RuntimeApi.Attribute(info, "plane");

    private static float Epsilon(nint info) => RuntimeApi.FloatAttribute(info, "epsilon");

    private static bool HasRelu(nint info) => RuntimeApi.Attribute(info, "relu") != 0;

    private sealed record Row(string Name, int Inputs, int Required, Func<nint, OperatorKernel> Create)
    {
        public int Outputs { get; init; } = 1;
    }

    // OrtCustomOp of onnxruntime_c_api.h, and two fields of ours after it. Functions that stay null are optional.
    [StructLayout(LayoutKind.Sequential)]
    private struct Description
    {
        public uint Version;
        public nint CreateKernel;
        public delegate* unmanaged<void*, byte*> GetName;
        public delegate* unmanaged<void*, byte*> GetExecutionProviderType;
        public delegate* unmanaged<void*, nuint, int> GetInputType;
        public delegate* unmanaged<void*, nuint> GetInputTypeCount;
        public delegate* unmanaged<void*, nuint, int> GetOutputType;
        public delegate* unmanaged<void*, nuint> GetOutputTypeCount;
        public nint KernelCompute;
        public delegate* unmanaged<nint, void> KernelDestroy;
        public delegate* unmanaged<void*, nuint, int> GetInputCharacteristic;
        public delegate* unmanaged<void*, nuint, int> GetOutputCharacteristic;
        public delegate* unmanaged<void*, nuint, int> GetInputMemoryType;
        public nint GetVariadicInputMinArity;
        public nint GetVariadicInputHomogeneity;
        public nint GetVariadicOutputMinArity;
        public nint GetVariadicOutputHomogeneity;
        public delegate* unmanaged<void*, nint, nint, nint*, nint> CreateKernelV2;
        public delegate* unmanaged<nint, nint, nint> KernelComputeV2;
        public nint InferOutputShape;
        public nint GetStartVersion;
        public nint GetEndVersion;
        public nint GetMayInplace;
        public nint ReleaseMayInplace;
        public nint GetAliasMap;
        public nint ReleaseAliasMap;
        public byte* NameText;
        public int Row;
    }
}
